import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { projectRoot } from '../../base/departments.ts';
import { readCsv } from '../../cli/csv.ts';
import { demoDataset } from '../../cli/demo/dataset.ts';
import { cleanEnv, freePort, startYiwang, temporaryHome, yiwang } from './command.ts';

const { home, remove } = temporaryHome();
afterAll(remove);

const commands = [
  'demo', 'up', 'dataset generate', 'dataset check', 'simulate', 'sync', 'status', 'pause', 'resume', 'approve', 'retain', 'quarantine list', 'quarantine show', 'quarantine release', 'token',
  'policy check', 'policy matrix', 'policy explain', 'policy diff', 'link', 'linkage export', 'linkage evaluate', 'linkage explain',
  'audit verify', 'audit export', 'gateway', 'bench',
];

describe('every command tells its use in both languages', () => {
  test.each(commands)('%s --help', async (command) => {
    const { code, out, err } = await yiwang([...command.split(' '), '--help']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain(`Usage: yiwang ${command}`);
    expect(out).toMatch(/\p{Script=Han}/u);
  });
});

test.each(['up', 'gateway'])('%s --help names what a gateway can be told', async (command) => {
  const { out } = await yiwang([command, '--help']);
  for (const option of ['--engine', '--single-flight']) expect(out).toContain(option);
});

describe('wrong usage is one sentence and exit 2', () => {
  test.each([
    ['no command', [], /Usage/],
    ['an unknown command', ['bogus'], /unknown command 'bogus'/],
    ['an unknown flag', ['status', '--bogus'], /unknown option '--bogus'/],
    ['a number that is none', ['demo', '--residents', 'many'], /not a whole number/],
    ['a missing option', ['token'], /--persona/],
    ['an unknown persona', ['token', '--persona', 'mayor'], /no persona `mayor`/],
    ['an unknown service', ['up', '--only', 'kitchen'], /no service `kitchen`/],
    ['an unknown department', ['sync', 'weather'], /no department `weather`/],
    ['a department that is mistyped', ['quarantine', 'list', '--department', 'courts', '--json'], /no department `courts`; known are .*court/],
    ['a stream that is mistyped', ['quarantine', 'release', '--stream', 'ticket'], /no department has a stream `ticket`/],
    ['a reason that is none', ['quarantine', 'release', '--reason', 'SHEMA'], /`SHEMA` is no reason; there are .*SCHEMA/],
    ['a type that the graph has not', ['policy', 'matrix', '--type', 'Persons', '--json'], /no type `Persons`/],
    ['no folder to compare', ['policy', 'diff', '/nowhere', 'policy'], /^yiwang: there is no folder `\/nowhere` · .*\n$/],
    ['no folder to compare with', ['policy', 'diff', 'policy', 'package.json'], /^yiwang: there is no folder `package\.json` · .*\n$/],
    ['no folder of a matrix', ['policy', 'matrix', '--folder', '/nowhere', '--json'], /^yiwang: there is no folder `\/nowhere` · .*\n$/],
    ['an unknown model', ['link', '--model', 'none', '--input', 'a.csv', '--out', 'b.csv'], /no model `none`/],
    ['a period that ends before it begins', ['audit', 'export', '--from', '2026-03-02', '--to', '2026-03-01', '--out', join(home, 'period')], /--from is not before --to/],
    ['a time that is a number', ['audit', 'export', '--from', '5', '--out', join(home, 'period')], /not a time/],
    ['a day that no month has', ['audit', 'export', '--to', '2026-02-31', '--out', join(home, 'period')], /not a time/],
    ['an unknown bench', ['bench', 'coffee'], /`coffee` is no bench/],
  ])('%s', async (_, args, message) => {
    const { code, out, err } = await yiwang(args, { YIWANG_HOME: home });
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(message);
    expect(err).not.toMatch(/\n\s+at /);
  });
});

test.each([['status'], ['--help']])('a log level that is none is wrong usage: %s', async (command) => {
  const { code, out, err } = await yiwang([command], { YIWANG_HOME: home, YIWANG_LOG_LEVEL: 'loud' });
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatch(/^yiwang: YIWANG_LOG_LEVEL: not one of trace, debug, info, warn, error, fatal, silent · .*\n$/);
});

describe('files that a command cannot read or write as it is told are wrong usage, before or after the work', () => {
  const folder = join(home, 'files');
  mkdirSync(join(folder, 'taken'), { recursive: true });
  const at = (name: string) => join(folder, name);
  writeFileSync(at('rows.csv'), 'isbn,title\n1,river\n2,river\n');
  const model = { name: 'books', version: '1', idColumn: 'isbn', fields: { title: { columns: ['title'], kind: 'text' } }, blocking: [{ name: 'title', columns: ['title'] }], comparisons: [{ name: 'title', levels: [{ label: 'same', when: { kind: 'same', column: 'title' } }, { label: 'else', when: { kind: 'else' } }] }], threshold: 0.5 };
  writeFileSync(at('books.json'), JSON.stringify(model));
  const depth = 20_000;
  writeFileSync(at('deep.json'), JSON.stringify(model).replace('{"kind":"same","column":"title"}', `${'{"kind":"not","of":'.repeat(depth)}{"kind":"else"}${'}'.repeat(depth)}`));
  test.each([
    ['clusters into a folder', 'books.json', 'taken', /`[^`]*taken` cannot be used: it is a folder/],
    ['clusters below a file', 'books.json', 'rows.csv/clusters.csv', /`[^`]*rows\.csv` cannot be used: (?:it lies below what is no folder|something else of that name is there)/],
    ['clusters over an input', 'books.json', 'taken/../rows.csv', /`[^`]*rows\.csv` is an input and would be overwritten/],
    ['a model without an end', 'deep.json', 'clusters.csv', /`[^`]*deep\.json` is nested too deeply/],
  ])('%s', async (_, modelFile, out, message) => {
    const { code, out: told, err } = await yiwang(['link', '--model', at(modelFile), '--input', at('rows.csv'), '--out', `${folder}/${out}`], { YIWANG_HOME: home });
    expect({ code, told }).toEqual({ code: 2, told: '' });
    expect(err).toMatch(message);
    expect(readFileSync(at('rows.csv'), 'utf8')).toContain('river');
  });
});

describe.runIf(process.platform === 'linux')('a place in which no folder can be made is told of, and not tried for ever', () => {
  const [nowhere, place] = ['/proc/none/here', /`\/proc\/none` cannot be used: there is no such place/];
  test.each([
    ['the home', ['status'], nowhere, 1, /`\/proc\/none\/here` \(YIWANG_HOME\) cannot be created/],
    ['a sheet', ['quarantine', 'list', '--csv', `${nowhere}/a.csv`], home, 2, place],
    ['an export of links', ['linkage', 'export', '--out', nowhere], home, 2, place],
    ['a county', ['dataset', 'generate', '--out', nowhere, '--residents', '100', '--seed', '1'], home, 2, place],
  ])('%s', async (_, args, at, code, message) => {
    expect(await yiwang(args, { YIWANG_HOME: at })).toEqual({ code, out: '', err: expect.stringMatching(message) });
  });
});

test('clusters are joined with their input by the ids that stand in it, whatever these look like in a sheet', async () => {
  const folder = join(home, 'files');
  const ids = ['-1a', '=x1', '+7b', '@y', "'-1a", 'a,b', 'say "x"', ' lead'];
  writeFileSync(join(folder, 'ids.csv'), ['isbn,title', ...ids.map((id) => `"${id.replaceAll('"', '""')}",river`)].join('\n'));
  const { code } = await yiwang(['link', '--model', join(folder, 'books.json'), '--input', join(folder, 'ids.csv'), '--out', join(folder, 'joined.csv')], { YIWANG_HOME: home });
  expect(code).toBe(0);
  expect(readCsv(join(folder, 'joined.csv'), ['source', 'id', 'entity']).map(({ source, id }) => [source, id])).toEqual(ids.map((id) => ['ids.csv', id]));
});

test('a folder as an input is no CSV with a bad row', async () => {
  const folder = join(home, 'files');
  const { code, err } = await yiwang(['link', '--model', join(folder, 'books.json'), '--input', join(folder, 'taken'), '--out', join(folder, 'clusters.csv')], { YIWANG_HOME: home });
  expect({ code, err }).toEqual({ code: 2, err: expect.stringMatching(/taken` cannot be used: it is a folder/) });
});

test('a model that is saved into no folder is wrong usage, and no database that does not answer', async () => {
  const folder = join(home, 'files');
  const { code, err } = await yiwang(['link', '--model', join(folder, 'books.json'), '--input', join(folder, 'rows.csv'), '--out', join(folder, 'clusters.csv'), '--save-model', join(folder, 'none', 'model.json')], { YIWANG_HOME: home });
  expect({ code, err }).toEqual({ code: 2, err: expect.stringMatching(/model\.json` cannot be used: there is no such place/) });
});

test('a county is not written over a folder of something else', async () => {
  const out = join(home, 'work');
  mkdirSync(join(out, 'police'), { recursive: true });
  writeFileSync(join(out, 'police', 'connector.ts'), 'mine');
  const { code, err } = await yiwang(['dataset', 'generate', '--out', out, '--residents', '100', '--seed', '1'], { YIWANG_HOME: home });
  expect({ code, err }).toEqual({ code: 2, err: expect.stringMatching(/work` is not empty and no data set/) });
  expect(readFileSync(join(out, 'police', 'connector.ts'), 'utf8')).toBe('mine');
});

describe('what fails says so in one sentence, with exit 1 and without a secret', () => {
  const broken = join(home, 'broken');
  mkdirSync(broken, { recursive: true });
  writeFileSync(join(broken, 'dataset.json'), '{"seed": 1}');
  test.each([
    ['an unreachable database', ['status'], { DATABASE_URL: 'postgres://me:s3cret@127.0.0.1:1/hub' }, /127\.0\.0\.1:1 .*nothing listens there.*\[DATABASE_UNAVAILABLE\]/],
    ['an unreachable Redis', ['status', '--json'], { REDIS_URL: 'redis://:s3cret@127.0.0.1:1' }, /^yiwang: the queue at 127\.0\.0\.1:1 \(REDIS_URL\) does not answer.*\[QUEUE_UNAVAILABLE\]\n$/],
    ['several wrong settings', ['status'], { DATABASE_URL: 'mysql://me:s3cret@h/d', PORT: 'x' }, /2 settings are wrong:\n {2}DATABASE_URL: .*\n {2}PORT: [^]*\[CONFIG\]/],
    ['a missing secret', ['up'], { HOTLINE_SOURCE_URL: 'http://127.0.0.1:1' }, /HOTLINE_SECRET: required with HOTLINE_SOURCE_URL/],
    ['production without settings', ['up'], { NODE_ENV: 'production' }, /DATABASE_URL: required in production/],
    ['the demo in production', ['demo'], { NODE_ENV: 'production' }, /does not run with NODE_ENV=production/],
    ['no data set', ['demo', '--dataset', '/nowhere'], {}, /`\/nowhere` is no data set.*\[DATASET_INVALID\]/],
    ['a broken data set', ['demo', '--dataset', broken], {}, /dataset\.json: `.*\[DATASET_INVALID\]/],
    ['the matrix of a policy that does not load', ['policy', 'matrix', '--folder', broken, '--json'], {}, /broken` does not load.*\[POLICY_INVALID\]/],
    ['nothing connected', ['sync', '--wait'], {}, /no department is connected/],
  ])('%s', async (_, args, env, message) => {
    const { code, out, err } = await yiwang(args, { YIWANG_HOME: home, ...env });
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(message);
    expect(err).toMatch(/\p{Script=Han}/u);
    expect(err).not.toMatch(/s3cret|\n\s+at /);
  });

  test('a port that is taken', async () => {
    const port = await freePort();
    const { createServer } = await import('node:net');
    const blocker = createServer().listen(port, '127.0.0.1');
    const { code, err } = await yiwang(['up', '--only', 'gateway,subgraphs'], { YIWANG_HOME: home, PORT: String(port), YIWANG_LOG_LEVEL: 'error' });
    const open = await yiwang(['gateway', '--supergraph', join(projectRoot(), 'schema', 'supergraph.graphql'), '--unclassified', 'allow', '--port', String(port)], { YIWANG_HOME: home, YIWANG_LOG_LEVEL: 'error' });
    blocker.close();
    expect(code).toBe(1);
    expect(err).toMatch(new RegExp(`port ${port} .*PORT.*\\[CONFIG\\]`));
    expect(open).toMatchObject({ code: 1, err: expect.stringMatching(/--port.*\[CONFIG\]/) }); // which does not read PORT
  });
});

test('a port that the simulator cannot have is told of with the setting that chooses another', async () => {
  const dataset = await demoDataset(home, undefined, 100);
  const { code, err } = await yiwang(['demo', '--once', '--dataset', dataset], { YIWANG_HOME: home, PORT: '65500', YIWANG_LOG_LEVEL: 'error' });
  expect(code).toBe(1);
  expect(err).toMatch(/cannot listen on 127\.0\.0\.1:65700: there is no such port; .*PORT.*\[CONFIG\]/);
}, 60_000);

test('--json prints one document on stdout and nothing else there', async () => {
  const { code, out } = await yiwang(['status', '--json'], { YIWANG_HOME: home });
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ ready: false, persons: 0, matters: 0, queues: { sync: { waiting: 0, active: 0, failed: 0 } }, log: { size: 0 } });
});

test.each([['7', 7], ['6100000000', 6_100_000_000], ['spring-2', 'spring-2']])('a county is made of the seed `%s`, and --json tells of it', async (text, seed) => {
  const out = join(home, `county-${text}`);
  const generated = await yiwang(['dataset', 'generate', '--out', out, '--residents', '100', '--seed', text, '--json'], { YIWANG_HOME: home });
  expect(generated).toMatchObject({ code: 0, err: '' });
  expect(JSON.parse(generated.out)).toMatchObject({ seed, residents: 100, out, regionRoot: expect.stringMatching(/^\d{6}$/) });
  expect(JSON.parse(readFileSync(join(out, 'dataset.json'), 'utf8'))).toMatchObject({ seed, residents: 100 });
});

test('`linkage export --json` tells how much it wrote', async () => {
  const { code, out } = await yiwang(['linkage', 'export', '--out', join(home, 'exported'), '--json'], { YIWANG_HOME: home });
  expect(code).toBe(0);
  expect(JSON.parse(out)).toEqual({ mentions: 0, records: 0, out: join(home, 'exported') });
});

test('`quarantine list` writes the sheet that it is told to beside its document', async () => {
  const { code, out } = await yiwang(['quarantine', 'list', '--csv', join(home, 'quarantine.csv'), '--json'], { YIWANG_HOME: home });
  expect({ code, out: JSON.parse(out) as unknown }).toEqual({ code: 0, out: [] });
  expect(readFileSync(join(home, 'quarantine.csv'), 'utf8')).toMatch(/^\ufeffstream 数据流,reason 原因,/);
});

test('a county made for one demo of a home leaves those that another may be serving', async () => {
  const county = await demoDataset(home, undefined, 100);
  mkdirSync(join(home, 'datasets', '100-of-old'));
  expect(existsSync(join(await demoDataset(home, undefined, 101), 'dataset.json'))).toBe(true);
  expect(existsSync(join(county, 'dataset.json'))).toBe(true);
  expect(existsSync(join(home, 'datasets', '100-of-old'))).toBe(false);
});

test('`up --only simulator` serves the data set of YIWANG_DATASET, and says where in a file that only its owner reads', async () => {
  const port = await freePort();
  const dataset = await demoDataset(home, undefined, 100);
  const { child, ended } = startYiwang(['up', '--only', 'simulator'], { YIWANG_HOME: home, PORT: String(port), YIWANG_DATASET: dataset });
  try {
    await vi.waitFor(() => expect(ended().err).toContain('ready'), { timeout: 60_000, interval: 100 });
    const answer = await fetch(`http://127.0.0.1:${port + 200}/status`);
    expect(await answer.json()).toMatchObject({ round: 1 });
    await expect(fetch(`http://127.0.0.1:${port}/livez`)).rejects.toThrow();
    expect(readFileSync(join(home, 'simulator.env'), 'utf8')).toMatch(/^COURT_SOURCE_URL=/m);
    expect(statSync(join(home, 'simulator.env')).mode & 0o777).toBe(0o600);
  } finally {
    child.kill('SIGINT');
    await once(child, 'close');
  }
  expect(ended().code).toBe(0);
  expect((await yiwang(['up', '--only', 'simulator'], { YIWANG_HOME: home, NODE_ENV: 'production' })).code).toBe(1);
}, 120_000);

test('who ends npm ends what it runs', async () => {
  const port = await freePort();
  const supergraph = join(projectRoot(), 'schema', 'supergraph.graphql');
  const shell = spawn('sh', ['-c', `node scripts/run.mjs cli/yiwang.mjs gateway --supergraph ${supergraph} --unclassified allow --port ${port}; exit`], { cwd: projectRoot(), env: { ...cleanEnv(), npm_lifecycle_event: 'demo' }, stdio: 'ignore' });
  const isReady = () => fetch(`http://127.0.0.1:${port}/readyz`).then(({ ok }) => ok, () => false);
  await vi.waitFor(async () => expect(await isReady()).toBe(true), { timeout: 20_000, interval: 200 });
  shell.kill('SIGTERM'); // as npm does, which passes it on to its shell alone
  await vi.waitFor(async () => expect(await isReady()).toBe(false), { timeout: 10_000, interval: 200 });
});
