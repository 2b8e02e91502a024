import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { settleThings } from '../../jobs/things.ts';
import { factsOf } from '../../matters/thing-facts.ts';
import { testDatabase, type TestDatabase } from '../postgres.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());

async function report(rid: string, thing: { key: string; kind: string; name: string; identifier?: string }, more: { text?: string; channel?: string; lead?: string; division?: string } = {}): Promise<void> {
  const division = more.division ?? '620102001000';
  await db.pool.query('INSERT INTO hub.thing (thing_key, kind, name, identifier, division) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING', [thing.key, thing.kind, thing.name, thing.identifier ?? null, division]);
  await db.pool.query(
    `INSERT INTO hub.record (rid, department, stream, record_key, type_name, occurred_at, fetched_at, division_now, thing_key, text_for_matching, facts, lead_org)
     VALUES ($1, 'hotline', 'tickets', $1, 'HotlineTicket', now(), now(), $2, $3, $4, jsonb_build_object('channel', $5::text), $6)`,
    [rid, division, thing.key, more.text ?? '', more.channel ?? 'WEB', more.lead ?? null],
  );
}
const thingOf = async (rid: string) => (await db.pool.query<{ key: string | null }>('SELECT thing_key AS key FROM hub.record WHERE rid = $1', [rid])).rows[0]!.key;

describe('facilities of hotline reports become things', () => {
  it('a report without the identifier joins the one thing of that kind and name in its county; two identifiers stay two', async () => {
    await report('a1', { key: 'lamp-1', kind: '路灯', name: '顺江路路灯', identifier: 'L-1' }, { lead: 'O1' });
    await report('a2', { key: 'lamp', kind: '路灯', name: '顺江路 路灯' }, { lead: 'O2' });
    await report('a3', { key: 'lamp', kind: '路灯', name: '顺江路 路灯' }, { lead: 'O2' });
    await report('far', { key: 'lamp-far', kind: '路灯', name: '顺江路路灯' }, { division: '510107001000' });
    await report('b1', { key: 'light-1', kind: '红绿灯', name: '十字路口', identifier: 'R-1' });
    await report('b2', { key: 'light-2', kind: '红绿灯', name: '十字路口', identifier: 'R-2' });
    await report('b3', { key: 'light', kind: '红绿灯', name: '十字路口' });
    await report('phone', { key: 'phone', kind: '手机', name: '我的手机' });
    await settleThings(db.pool);
    expect(await Promise.all(['a1', 'a2', 'a3', 'far', 'b1', 'b2', 'b3', 'phone'].map(thingOf))).toEqual(['lamp-1', 'lamp-1', 'lamp-1', 'lamp-far', 'light-1', 'light-2', 'light', null]);
    const { rows } = await db.pool.query('SELECT thing_key, operator FROM hub.thing ORDER BY 1');
    expect(rows).toEqual([{ thing_key: 'lamp-1', operator: 'O2' }, { thing_key: 'lamp-far', operator: null }, { thing_key: 'light', operator: null }, { thing_key: 'light-1', operator: null }, { thing_key: 'light-2', operator: null }]);
  });

  it('again changes nothing, and a thing without a record is gone', async () => {
    expect(await settleThings(db.pool)).toBe(0);
    await db.pool.query("DELETE FROM hub.record WHERE rid = 'far'");
    await settleThings(db.pool);
    expect((await db.pool.query("SELECT 1 FROM hub.thing WHERE thing_key = 'lamp-far'")).rowCount).toBe(0);
  });

  it('several reports through several channels tell the time a bus was waited for; fewer tell nothing', () => {
    const reports = [['等了四十分钟没有一辆', 'A'], ['半小时才来一趟', 'B'], ['等了45分钟', 'A'], ['太少了', 'C']].map(([text, channel]) => ({ text: text!, channel: channel! }));
    expect(factsOf('公交线路', reports)).toEqual([{ name: 'REPORTED_HEADWAY_MINUTES', value: '40', unit: 'min', reports: '≥3' }]);
    expect(factsOf('公交线路', reports.slice(0, 2))).toEqual([]);
    expect(factsOf('公交线路', reports.map((one) => ({ ...one, channel: 'A' })))).toEqual([]);
    expect(factsOf('路灯', reports)).toEqual([]);
    expect(factsOf('公交线路', ['一个半小时', '一个半小时', '1小时'].map((text, index) => ({ text, channel: String(index) })))[0]?.value).toBe('90');
  });
});
