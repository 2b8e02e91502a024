import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pullStream } from '../../connectors/pull.ts';
import { connectorOf, streamOf } from '../../connectors/registry.ts';
import { comparable, everything, keys } from '../connectors/sample.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';
import { faultServer, type FaultServer } from './fault-server.ts';
import { fastLimits, sourceSecrets } from './hub.ts';

const petition = (n: number, more = '') => `<petition><xfjbh>${String(n).padStart(6, '0')}</xfjbh><nd>2026</nd><djsj>2026-03-02</djsj><xfmd>3</xfmd><gxsj>2026-03-02 10:00:${String(n % 60).padStart(2, '0')}</gxsj><zf>0</zf>${more}</petition>`;
const envelope = (records: string, prolog = '', total = '') => `<?xml version="1.0" encoding="UTF-8"?>${prolog}<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><QueryPetitionsResponse xmlns="urn:gov:petition:1"><QueryPetitionsResult${total} pageNo="1">${records}</QueryPetitionsResult></QueryPetitionsResponse></soap:Body></soap:Envelope>`;

describe('XML of the petition service', () => {
  let hub: TestDatabase;
  let source: FaultServer;
  let elsewhere: FaultServer;
  beforeAll(async () => void ([hub, source, elsewhere] = await Promise.all([testDatabase(), faultServer(), faultServer()])));
  afterAll(() => Promise.all([hub?.drop(), source?.close(), elsewhere?.close()]));
  const sync = async () => {
    const connector = await connectorOf('petition');
    return pullStream({ pool: hub.pool, keys, connector, stream: streamOf(connector, 'petitions'), runId: null, mode: 'FULL', env: { PETITION_SOURCE_URL: source.url, ...sourceSecrets }, now: () => new Date(0), limits: { ...fastLimits, attemptDeadlineMs: 3_000, attemptsMax: 1 } });
  };
  const hostile: [string, () => string][] = [
    ['a DTD', () => envelope(petition(1), '<!DOCTYPE x>')],
    ['a DTD in lower case', () => envelope(petition(1), '<!doctype x>')],
    ['an external entity on the network', () => envelope(petition(1, '<gy>&x;</gy>'), `<!DOCTYPE x [<!ENTITY x SYSTEM "${elsewhere.url}/x">]>`)],
    ['an external entity of a file', () => envelope(petition(1, '<gy>&x;</gy>'), '<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>')],
    ['a parameter entity', () => envelope(petition(1), `<!DOCTYPE x [<!ENTITY % x SYSTEM "${elsewhere.url}/x.dtd"> %x;]>`)],
    ['a billion laughs', () => envelope(petition(1, '<gy>&l9;</gy>'), `<!DOCTYPE x [<!ENTITY l0 "lol">${Array.from({ length: 9 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join('')}]>`)],
    ['a depth of 100,000', () => envelope(`${'<a>'.repeat(100_000)}${'</a>'.repeat(100_000)}`)],
    ['a depth of 100,000 under names that are not ASCII', () => envelope(`${'<汉>'.repeat(100_000)}${'</汉>'.repeat(100_000)}`)],
    ['a depth of 100,000 behind attributes that end like empty elements', () => envelope(`${'<a b="/>">'.repeat(100_000)}${'</a>'.repeat(100_000)}`)],
    ['200,000 CDATA sections that never end', () => envelope('<![CDATA['.repeat(200_000))],
    ['an attribute that never ends', () => envelope(`<petition a="${'>'.repeat(500_000)}`)],
    ['an end that is missing', () => envelope(petition(1)).slice(0, -40)],
    ['an ampersand that stands for itself, before elements and a semicolon', () => envelope(petition(1, '<xfr><xfrxm>A & B</xfrxm></xfr><xfr><xfrxm>C;</xfrxm></xfr>'))],
    ['a reference that is none', () => envelope(petition(1, '<gy>&#xZZ;</gy>'))],
    ['`<` in an attribute', () => envelope(petition(1, '<gy a="b<c"/>'))],
    ['no XML', () => 'null'],
    ['a login page', () => '<!DOCTYPE html><html><body>请登录</body></html>'],
  ];

  it.each(hostile)('with %s is refused whole and in time; nothing is fetched or read for it', async (_, answer) => {
    source.handle = () => ({ headers: { 'content-type': 'text/xml' }, body: answer() });
    const startedAt = performance.now();
    await expect(sync()).rejects.toMatchObject({ code: 'SOURCE_SCHEMA' });
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect(elsewhere.asked).toHaveLength(0);
    expect((await hub.pool.query('SELECT 1 FROM hub.record UNION ALL SELECT 1 FROM hub.quarantine')).rowCount).toBe(0);
  });

  it('is read with CDATA, comments, references and characters that XML forbids, which are removed and recorded', async () => {
    source.handle = () => ({ body: envelope([petition(1, '<gy>a&#x0B;b&#0;c&#xD800;</gy>'), petition(2, '<gy><![CDATA[<!DOCTYPE not one> & ]]>&lt;x&gt;&unknown;</gy><!-- <!DOCTYPE nor this> -->'), petition(3, '<gy>d&#x1F;e\u0007f</gy>'), petition(4, '<gy>&amp;#x0B; &#38;#11; <![CDATA[&#11;]]></gy>')].join('')) });
    expect((await sync()).counts).toMatchObject({ offered: 4, published: 3, quarantined: { INVALID_BYTES: 1 } });
    const { rows } = await hub.pool.query('SELECT record_key, narrative, repairs FROM hub.record JOIN petition.petition USING (rid) ORDER BY 1');
    expect(rows).toMatchObject([
      { record_key: '2026000002', narrative: '<!DOCTYPE not one> & <x>&unknown;' },
      { record_key: '2026000003', narrative: 'def', repairs: expect.arrayContaining([{ field: 'gy', kind: 'TEXT_CONTROL' }]) },
      { record_key: '2026000004', narrative: '&#x0B; &#11; &#11;', repairs: [] }, // written out, not meant
    ]);
    expect(await everything(hub.pool)).not.toMatch(/[\u0007\u000b\u001f\ufffd]/);
  });

  it('is read to its end though the total changes between pages, pages are shorter than asked for, one comes empty, and most have one time', async () => {
    const records = Array.from({ length: 430 }, (_, n) => ({ n: n + 100, at: n < 90 ? '10:00:00' : n < 380 ? '10:00:30' : '10:00:45' }));
    let emptied = false;
    source.handle = ({ body, n }) => {
      const asked = (name: string) => new RegExp(`<${name}>([^<]*)`).exec(body)![1]!;
      const due = records.filter((one) => `2026-03-02 ${one.at}` >= asked('since'));
      const size = 100; // whatever was asked for
      const shown = due.slice((Number(asked('pageNo')) - 1) * size, Number(asked('pageNo')) * size);
      if (!emptied && Number(asked('pageNo')) === 2) {
        emptied = true;
        return { body: envelope('', '', ` total="${due.length}"`) };
      }
      return { body: envelope(shown.map((one) => petition(one.n).replace(/10:00:\d\d/, one.at)).join(''), '', ` total="${due.length + (n % 3)}"`) };
    };
    await sync();
    expect(emptied).toBe(true);
    expect(await comparable(hub.pool, 'petition', 'petitions')).toMatchObject({ live: 433 });
  });

  it.each([[901, 'is nothing but', '', ''], [903, 'ends in', 'x', ''], [905, 'begins with', '', 'x']])('(%i) is read where a value %s bytes that are none of UTF-8: its petition goes to quarantine', async (n, _, before, after) => {
    const [head, tail] = envelope(`${petition(n, `<gy>${before}BYTES${after}</gy>`)}${petition(n + 1, '<gy>好</gy>')}`).split('BYTES') as [string, string];
    source.handle = () => ({ headers: { 'content-type': 'text/xml' }, body: Buffer.concat([Buffer.from(head), Buffer.from('噪音', 'utf8').subarray(1, 5), Buffer.from(tail)]) });
    expect((await sync()).counts).toMatchObject({ offered: 2, published: 1, quarantined: { INVALID_BYTES: 1 } });
  });
});
