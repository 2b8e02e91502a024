import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { projectRoot } from '../../base/departments.ts';
import { ensureConsole } from '../../console/build.ts';
import { scenarioHub, type ScenarioHub } from '../scenarios/hub.ts';
import { chromiumPath, services } from '../services.ts';

const startTimeoutMs = 240_000;
const built = join(projectRoot(), 'console', 'dist');

describe.runIf(services().chromium)('the console in a browser', () => {
  let hub: ScenarioHub;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];
  const elsewhere: string[] = [];

  beforeAll(async () => {
    await ensureConsole();
    hub = await scenarioHub();
    const executablePath = spawnSync('which', [chromiumPath() ?? 'chromium'], { encoding: 'utf8' }).stdout.trim();
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });
    page = await browser.newPage({ viewport: { width: 1440, height: 900 }, locale: 'zh-CN' });
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => /^(data|blob):/.test(request.url()) || request.url().startsWith(hub.url) || elsewhere.push(request.url()));
    await page.goto(hub.url);
  }, startTimeoutMs);
  afterAll(async () => {
    await browser?.close();
    await hub?.stop();
  });

  const run = async (example: string) => {
    const before = await page.locator('.access h2 > code').textContent({ timeout: 500 }).catch(() => '');
    await page.click(`[data-example="${example}"]`);
    await page.waitForFunction((trace) => (document.querySelector('.access h2 > code')?.textContent ?? trace) !== trace, before);
  };
  const answer = () => page.locator('.graphiql-response').innerText();
  const picked = (name: string) => page.locator(`[name=${name}]`).inputValue();
  const lines = () => page.locator('.access tbody tr').allInnerTexts();

  test('a persona signs in, runs an example and sees the data', async () => {
    await run('MatterParties township-clerk');
    expect([await picked('persona'), await picked('purpose'), await picked('matter')]).toEqual(['township-clerk', 'MEDIATION', expect.stringMatching(/^M[0-9A-Z]{12}$/)]);
    await expect.poll(answer).toContain('"matterNo"');
  });

  test('the same query by an analyst: every person field withheld, with reason and rule', async () => {
    await run('MatterParties county-analyst');
    const told = await lines();
    expect(told.filter((line) => /HotlineTicket\.requester|PoliceCall\.reporter/.test(line)).length).toBeGreaterThan(0);
    for (const line of told) expect(line).toMatch(/未给出[\s\S]*KIND/);
  });

  test('headers follow the pickers: without a matter in hand no person is shown', async () => {
    await run('MatterParties township-clerk');
    await page.fill('[name=matter]', '');
    await page.click('.graphiql-execute-button');
    await expect.poll(async () => (await lines()).join('\n')).toContain('NO_MATTER');
  });

  test.each(['MatterState resident', 'Matters city-app', 'TicketsByStatus hotline-supervisor', 'ConnectorHealth operator', 'ExplainAccess developer', 'Datasets developer', 'DivisionAt county-analyst'])('example %s gives data and no error', async (example) => {
    await run(example);
    await expect.poll(answer).toContain('"data"');
    expect(await answer()).not.toContain('"errors"');
  });

  test('the page speaks English too', async () => {
    await page.click('.language');
    expect(await page.locator('nav h2').innerText()).toBe('Examples');
    expect(await page.locator('header').innerText()).toContain('Persona');
  });

  test('nothing is loaded from elsewhere, nothing is kept in the browser, nothing complains', async () => {
    expect(elsewhere).toEqual([]);
    expect(await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])')).toBe('[{},{},""]');
    expect(complaints).toEqual([]);
  });
});

test('the built page names no other host', async () => {
  await ensureConsole();
  const page = readFileSync(join(built, 'index.html'), 'utf8');
  expect([...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address).filter((address) => !/^(\/assets\/|data:)/.test(address!))).toEqual([]);
  const names = readdirSync(join(built, 'assets'));
  expect(names.filter((name) => /worker/.test(name)).length).toBeGreaterThanOrEqual(3);
});
