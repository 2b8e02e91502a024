import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scenarioHub, type Answer, type ScenarioHub } from './hub.ts';
import { operation } from './operations.ts';

let hub: ScenarioHub;
const startTimeoutMs = 240_000;

beforeAll(async () => {
  hub = await scenarioHub({ residents: 400 });
}, startTimeoutMs);
afterAll(() => hub?.stop());

const operate = (name: string, variables: Record<string, unknown> = {}) => hub.ask('operator', { query: operation(name), variables, purpose: 'DATA_QUALITY' });
const withheld = (answer: Answer) => answer.access.filter((line) => line.effect === 'WITHHELD').map((line) => `${line.coordinate} ${line.reason}`);
const sum = (counts: { count: number }[]) => counts.reduce((total, one) => total + one.count, 0);

/** Asked for by the gateway, done by the workers: the runs when they are over. */
async function finished(asked: { id: string }[]): Promise<any[]> {
  const ids = new Set(asked.map((run) => run.id));
  const read = async () => ((await operate('SyncRuns', { first: 100 })).data.syncRuns.nodes as any[]).filter((run) => ids.has(run.id));
  await expect.poll(async () => (await read()).filter((run) => ['SUCCEEDED', 'FAILED', 'HELD'].includes(run.status)).length, { timeout: 30_000, interval: 300 }).toBe(ids.size);
  return read();
}

async function addsUp(): Promise<void> {
  const health = await operate('ConnectorHealth');
  for (const { stream, counts } of health.data.connectors.flatMap((connector: any) => connector.streams)) {
    expect(counts.offered, stream).toBe(counts.published + counts.unchanged + counts.superseded + counts.tombstones + sum(counts.dropped) + sum(counts.quarantined));
  }
}

describe('9: which connectors are stale, and why are rows in quarantine', () => {
  it('the operator sees every stream, what its runs counted, and the form of refused rows, never their values', async () => {
    const health = await operate('ConnectorHealth');
    expect(health.errors).toBeUndefined();
    expect(health.data.connectors.map((connector: any) => connector.department)).toEqual(['civil', 'court', 'hotline', 'petition', 'police']);
    await addsUp();
    const samples = health.data.quarantine.nodes.filter((node: any) => node.sample !== null);
    expect(samples.length).toBeGreaterThan(0);
    for (const { sample } of samples) for (const form of Object.values(JSON.parse(sample))) expect(String(form).replace(/\((empty|object|list of \d+|\d+ characters)\)/, '')).not.toMatch(/[0-8b-zA-Z]|(?!汉)\p{Script=Han}/u);
    const runs = (await operate('SyncRuns', { first: 50 })).data.syncRuns.nodes;
    for (const { counts } of runs) expect(counts.offered).toBe(counts.published + counts.unchanged + counts.superseded + counts.tombstones + sum(counts.dropped) + sum(counts.quarantined));
  });

  it('a stream that cannot be read says why, and shows its last good data', async () => {
    await hub.pool.query("UPDATE hub.stream SET stale_reason = 'SOURCE_UNAVAILABLE' WHERE stream = 'jcj_jjd'");
    const police = (await operate('ConnectorHealth')).data.connectors.find((one: any) => one.department === 'police').streams.find((one: any) => one.stream === 'jcj_jjd');
    expect(police).toMatchObject({ staleReason: 'SOURCE_UNAVAILABLE' });
    expect(police.counts.live).toBeGreaterThan(0);
    const [run] = await finished((await operate('RerunConnector', { department: 'police', stream: 'jcj_jjd' })).data.rerunConnector);
    expect(run).toMatchObject({ status: 'SUCCEEDED', touched: 0 });
    expect((await operate('ConnectorHealth')).data.connectors.flatMap((one: any) => one.streams).filter((one: any) => one.staleReason)).toEqual([]);
  });
});

describe('10: dry re-run from a watermark; release a quarantine reason', () => {
  it('a dry run tells what would change; a second run changes nothing', async () => {
    const asked = await operate('RerunConnector', { department: 'court', full: true, dryRun: true });
    expect(asked.data.rerunConnector).toMatchObject([{ mode: 'DRY_RUN', status: 'DUE', full: true }]);
    const [dry] = await finished(asked.data.rerunConnector);
    expect(dry).toMatchObject({ mode: 'DRY_RUN', status: 'SUCCEEDED', touched: 0 });
    expect(dry.requestedBy).toMatch(/^[0-9a-f]{32}$/);
    for (const variables of [{ department: 'police' }, { department: 'police', since: '2026-01-01T00:00:00Z' }, { department: 'petition' }]) {
      const again = await finished((await operate('RerunConnector', variables)).data.rerunConnector);
      expect(again.map((run) => [run.status, run.touched])).toEqual(again.map(() => ['SUCCEEDED', 0]));
    }
    await addsUp();
  });

  it('a reason is released exactly once, in order, and the counts still add up', async () => {
    const { rows } = await hub.pool.query(`SELECT id, department, stream, reason, field, content FROM hub.quarantine WHERE released_at IS NULL AND content IS NOT NULL AND reason = 'UNPARSABLE_TIME' ORDER BY id LIMIT 1`);
    const [entry] = rows;
    expect(entry, 'the demo data has a time that cannot be read').toBeDefined();
    // The repair learns to read the spelling: here the stored row stands for it.
    await hub.pool.query('UPDATE hub.quarantine SET content = jsonb_set(content, ARRAY[$2], \'"2026-03-02 09:30:00"\') WHERE id = $1', [entry.id, entry.field]);
    const choice = { department: entry.department, stream: entry.stream, reason: 'UNPARSABLE_TIME' };
    const both = await Promise.all([operate('ReleaseQuarantine', choice), operate('ReleaseQuarantine', choice)]);
    const runs = await finished(both.flatMap((answer) => answer.data.releaseQuarantine));
    const published = runs.flatMap((run) => run.released).filter((one: any) => one.reason !== 'QUARANTINED' && one.reason !== 'REREAD' && one.count > 0);
    expect(sum(published)).toBe(1);
    await hub.sync();
    await addsUp();
  });

  it('nobody else may, and what is refused is written nowhere', async () => {
    const before = (await hub.pool.query('SELECT count(*) AS n FROM hub.sync_run')).rows[0].n;
    for (const persona of ['township-clerk', 'county-analyst', 'resident', 'auditor']) {
      const purpose = (await hub.claims(persona))['purposes'][0];
      const answer = await hub.ask(persona, { query: operation('RerunConnector'), variables: { department: 'police' }, purpose });
      expect([answer.data, withheld(answer)]).toEqual([{ rerunConnector: null }, ['Mutation.rerunConnector KIND']]);
    }
    expect((await hub.pool.query('SELECT count(*) AS n FROM hub.sync_run')).rows[0].n).toBe(before);
  });

  it('a pause is kept, shown, and ends', async () => {
    const stream = { department: 'petition', stream: (await hub.pool.query("SELECT stream FROM hub.stream WHERE department = 'petition' LIMIT 1")).rows[0].stream };
    expect((await operate('PauseStream', stream)).data.pauseStream).toMatchObject({ paused: true });
    expect((await operate('RerunConnector', stream)).errors?.[0]?.extensions?.code).toBe('STREAM_PAUSED');
    expect((await operate('ResumeStream', stream)).data.resumeStream).toMatchObject({ paused: false });
  });
});

describe('13: my address is wrong', () => {
  const own = (query: string, variables: Record<string, unknown> = {}) => hub.ask('resident', { query, variables, purpose: 'SUBJECT_ACCESS' });
  const me = async () => (await own('query Me { me { address disputes provenance { department disputes } } }')).data.me;

  it('goes to the department that owns the value, with a due date, and the value is shown in dispute until it answers', async () => {
    const before = await me();
    expect(before.disputes ?? []).toEqual([]);
    const asked = await own(operation('RequestCorrection'), { field: 'Person.address', proposed: '新住址 1 号', reason: '已搬家' });
    expect(asked.errors).toBeUndefined();
    const { id, department, dueOn, basis } = asked.data.requestCorrection;
    expect(dueOn > new Date().toISOString().slice(0, 10)).toBe(true);
    expect(basis).toContain('个人信息保护法');
    expect(await me()).toMatchObject({ address: before.address, disputes: ['Person.address'], provenance: expect.arrayContaining([{ department, disputes: ['Person.address'] }]) });
    expect((await own(operation('Corrections'))).data.corrections.nodes).toMatchObject([{ id, state: 'SENT', proposed: '新住址 1 号', askedBy: 'RESIDENT' }]);

    // A clerk of that department, in whose county the record lies.
    const { rows } = await hub.pool.query<{ division: string }>('SELECT rpad(left(division_now, 6), 12, \'0\') AS division FROM hub.correction WHERE id = $1', [id]);
    const desk = { persona: 'police-officer', department: department.toUpperCase(), division: rows[0]!.division };
    const inbox = await hub.ask(desk, { query: operation('Corrections'), purpose: 'MATTER_HANDLING' });
    expect(inbox.data.corrections.nodes).toMatchObject([{ id, proposed: '新住址 1 号', reason: '已搬家' }]);
    const answered = await hub.ask(desk, { query: operation('AnswerCorrection'), variables: { id, outcome: 'CONFIRMED', note: '以户口簿为准' }, purpose: 'MATTER_HANDLING' });
    expect(answered.data.answerCorrection).toMatchObject({ state: 'ANSWERED', outcome: 'CONFIRMED' });
    expect((await own(operation('Corrections'))).data.corrections.nodes).toMatchObject([{ id, state: 'ANSWERED', note: '以户口簿为准' }]);
    expect((await me()).disputes ?? []).toEqual([]);
  });

  it('somebody else\'s record is refused in the words of one that is not there; so is an operator; a missing field is named', async () => {
    const { id_number } = await hub.claims('resident');
    const { rows } = await hub.pool.query<{ rid: string; type_name: string }>('SELECT r.rid, r.type_name FROM hub.record r WHERE r.type_name IS NOT NULL AND NOT EXISTS (SELECT 1 FROM hub.mention n WHERE n.rid = r.rid AND n.id_number = $1) LIMIT 1', [id_number]);
    const idOf = (rid: string) => Buffer.from(`${rows[0]!.type_name}:${rid}`).toString('base64url');
    const variables = (rid: string) => ({ record: idOf(rid), field: 'Person.address', reason: '不是我的' });
    const others = await own(operation('RequestCorrection'), variables(rows[0]!.rid));
    expect([others.data, withheld(others)]).toEqual([{ requestCorrection: null }, ['Mutation.requestCorrection NOT_ASSIGNED']]);
    expect((await own(operation('RequestCorrection'), variables('nothing'))).text).toBe(others.text);
    const operator = await operate('RequestCorrection', { field: 'Person.address', reason: 'test' });
    expect([operator.data, withheld(operator)]).toEqual([{ requestCorrection: null }, ['Mutation.requestCorrection KIND']]);
    const missing = await own(operation('RequestCorrection'), { field: 'Person.shoeSize', reason: 'test' });
    expect(missing.errors?.[0]?.extensions?.code).toBe('BAD_REQUEST');
  });

  it('the operator counts, and the log tells who asked without a word of what', async () => {
    const police = (await operate('ConnectorHealth')).data.connectors.map((one: any) => one.corrections);
    expect(police.reduce((total: number, one: any) => total + one.answered, 0)).toBe(1);
    const { rows } = await hub.pool.query<{ text: string }>(`SELECT string_agg(convert_from(bytes, 'UTF8'), '\n') AS text FROM audit.entry`);
    expect(rows[0]!.text).toContain('Mutation.requestCorrection');
    expect(rows[0]!.text).not.toMatch(/新住址|已搬家|户口簿/);
  });
});
