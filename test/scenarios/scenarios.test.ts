import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scenarioHub, type Answer, type ScenarioHub } from './hub.ts';
import { operation } from './operations.ts';

let hub: ScenarioHub;
const startTimeoutMs = 240_000;

beforeAll(async () => {
  hub = await scenarioHub();
}, startTimeoutMs);
afterAll(() => hub?.stop());

async function row<T>(sql: string, ...parameters: unknown[]): Promise<T> {
  const { rows } = await hub.pool.query(sql, parameters);
  expect(rows.length, `the demo data has what this scenario needs: ${sql}`).toBeGreaterThan(0);
  return rows[0] as T;
}

const reasons = (answer: Answer, coordinate: string) => answer.access.filter((entry) => entry.coordinate === coordinate).map((entry) => `${entry.effect} ${entry.reason}`);

describe('9: which connectors are stale, and why are rows in quarantine', () => {
  const query = operation('ConnectorHealth');

  it('the operator sees counts that add up, and reasons with masked samples', async () => {
    const answer = await hub.ask('operator', { query, purpose: 'DATA_QUALITY' });
    expect(answer.errors).toBeUndefined();
    const streams = answer.data.connectors.flatMap((connector: any) => connector.streams);
    expect(streams.map((stream: any) => stream.stream)).toEqual(expect.arrayContaining(['jcj_jjd', 'rk_hj', 'tickets']));
    const sum = (counts: { count: number }[]) => counts.reduce((total, one) => total + one.count, 0);
    for (const { counts } of streams) {
      expect(counts.offered).toBe(counts.published + counts.unchanged + counts.superseded + counts.tombstones + sum(counts.dropped) + sum(counts.quarantined));
    }
    const tickets = streams.find((stream: any) => stream.stream === 'tickets');
    expect(tickets.freshThrough).toMatch(/^\d{4}-/);
    expect(answer.data.quarantine.nodes.length).toBeGreaterThan(0);
  });

  it.each(['township-clerk', 'county-analyst', 'resident'])('%s is refused', async (persona) => {
    const answer = await hub.ask(persona, { query, purpose: (await hub.claims(persona))['purposes'][0] });
    expect(answer.data).toEqual({ connectors: null, quarantine: null });
    expect(reasons(answer, 'Query.quarantine')).toEqual(['WITHHELD KIND']);
  });
});

describe('15: what would a township mediator see of this operation, and why', () => {
  it('the developer is told field by field, with the conditions that could still apply, and no record is read', async () => {
    const variables = { operation: operation('MatterParties'), as: { kind: 'CLERK', department: 'MEDIATION', tier: 'TOWNSHIP', purpose: 'MEDIATION', withMatter: true } };
    const answer = await hub.ask('developer', { query: operation('ExplainAccess'), variables });
    expect(answer.errors).toBeUndefined();
    const of = (coordinate: string) => answer.data.explainAccess.find((entry: any) => entry.coordinate === coordinate);
    expect(of('HotlineTicket.ticketNo').effect).toBe('FULL');
    expect(of('Person.name')).toMatchObject({ effect: 'FULL' });
    expect(of('Person.name').conditions.length).toBeGreaterThan(0);
    expect(of('Person.idNumber')).toMatchObject({ effect: 'MASKED' });
    expect(of('Person.idNumber').basis).toContain('个人信息保护法');
    expect(of('Person.idNumber').reason.zh).toMatch(/\p{Script=Han}/u);
  });

  it('without a matter, person fields are withheld with the reason NO_MATTER', async () => {
    const variables = { operation: operation('MatterParties'), as: { kind: 'CLERK', department: 'MEDIATION', tier: 'TOWNSHIP', purpose: 'MEDIATION' } };
    const answer = await hub.ask('developer', { query: operation('ExplainAccess'), variables });
    const name = answer.data.explainAccess.find((entry: any) => entry.coordinate === 'HotlineTicket.requester');
    expect([name.effect, name.reason.code]).toEqual(['WITHHELD', 'NO_MATTER']);
  });

  it('a service account may not send another operation than the registered ones', async () => {
    const answer = await hub.ask('developer', { query: '{ __typename }' });
    expect(answer.status).toBe(403);
    expect(answer.errors?.[0]?.extensions?.code).toBe('OPERATION_NOT_REGISTERED');
  });
});

describe('18: a division at a date', () => {
  it('anyone is told code, name, tier, parent and successor, without signing in', async () => {
    const before = await hub.ask(null, { query: operation('DivisionAt'), variables: { code: '330103000000', asOf: '2020-06-01' } });
    expect(before.data.division).toMatchObject({ name: '下城区', tier: 'COUNTY', parent: { name: '杭州市' }, successor: { name: '拱墅区' } });
    const after = await hub.ask(null, { query: operation('DivisionAt'), variables: { code: '330103000000', asOf: '2024-06-01' } });
    expect(after.data.division).toBeNull();
    const successor = await hub.ask(null, { query: operation('DivisionAt'), variables: { code: '330105000000', asOf: '2024-06-01' } });
    expect(successor.data.division.predecessors.map((one: any) => one.name)).toContain('下城区');
  });

  it('where no date is told it is today: a code that is no more is none, its successor is one', async () => {
    const today = async (code: string) => (await hub.ask(null, { query: operation('DivisionAt'), variables: { code } })).data.division?.name ?? null;
    expect([await today('330103000000'), await today('330105000000')]).toEqual([null, '拱墅区']);
  });

  it('without a token nothing else is answered', async () => {
    const answer = await hub.ask(null, { query: operation('Matters') });
    expect(answer.status).toBe(401);
    expect(answer.errors?.[0]?.extensions?.code).toBe('UNAUTHENTICATED');
  });
});

describe('4: the state of one matter by its number', () => {
  const query = operation('MatterState');

  it('the lead organisation sees it with its records of several departments', async () => {
    const { org } = await hub.claims('township-clerk');
    const { matter_no } = await row<{ matter_no: string }>(`SELECT m.matter_no FROM hub.matter m JOIN hub.matter_member USING (matter_key) JOIN hub.assignment a USING (rid) WHERE a.credit_code = $1 AND m.merged_into IS NULL LIMIT 1`, org);
    const answer = await hub.ask('township-clerk', { query, variables: { matterNo: matter_no }, purpose: 'MATTER_HANDLING' });
    expect(answer.data.matter.matterNo).toBe(matter_no);
    expect(answer.data.matter.records.nodes.length).toBeGreaterThan(0);
  });

  it('the resident sees the matter that names them, and no other', async () => {
    const { id_number } = await hub.claims('resident');
    const { matter_no } = await row<{ matter_no: string }>(`SELECT m.matter_no FROM hub.matter m JOIN hub.matter_member USING (matter_key) JOIN hub.mention n USING (rid) WHERE n.id_number = $1 AND m.merged_into IS NULL LIMIT 1`, id_number);
    const own = await hub.ask('resident', { query, variables: { matterNo: matter_no }, purpose: 'SUBJECT_ACCESS' });
    expect(own.data.matter).toMatchObject({ matterNo: matter_no });
    const { matter_no: other } = await row<{ matter_no: string }>(
      `SELECT m.matter_no FROM hub.matter m WHERE m.merged_into IS NULL AND NOT EXISTS (SELECT 1 FROM hub.matter_member JOIN hub.mention n USING (rid) WHERE matter_key = m.matter_key AND n.id_number = $1) LIMIT 1`,
      id_number,
    );
    const others = await hub.ask('resident', { query, variables: { matterNo: other }, purpose: 'SUBJECT_ACCESS' });
    expect(others.data.matter).toBeNull();
    const missing = await hub.ask('resident', { query, variables: { matterNo: 'M000000000000' }, purpose: 'SUBJECT_ACCESS' });
    expect(missing.text.replace(/"traceId":"[^"]*"/, '')).toBe(others.text.replace(/"traceId":"[^"]*"/, ''));
  });

  it('an organisation of another county sees nothing of it', async () => {
    const { matter_no } = await row<{ matter_no: string }>(`SELECT m.matter_no FROM hub.matter m WHERE NOT EXISTS (SELECT 1 FROM hub.matter_member JOIN hub.assignment a USING (rid) WHERE matter_key = m.matter_key AND a.credit_code = $1) LIMIT 1`, (await hub.claims('township-clerk'))['org']);
    const answer = await hub.ask('township-clerk', { query, variables: { matterNo: matter_no }, purpose: 'MEDIATION' });
    expect(answer.data.matter?.status ?? null).toBeNull();
  });
});

describe('3: call both sides of one matter (hotline)', () => {
  const query = operation('MatterParties');
  const lead = `
    SELECT m.matter_no, r.rid, a.credit_code AS org, n.name, n.phones[1] AS phone, n.id_number FROM hub.matter m JOIN hub.matter_member USING (matter_key) JOIN hub.record r USING (rid)
      JOIN hub.assignment a USING (rid) JOIN hub.mention n USING (rid)
    WHERE r.department = 'hotline' AND a.relation = 'LEAD' AND NOT r.minor AND NOT r.confidential AND r.respondent_org IS DISTINCT FROM a.credit_code
      AND n.name IS NOT NULL AND n.phones[1] IS NOT NULL AND n.id_number IS NOT NULL AND m.merged_into IS NULL
    ORDER BY m.matter_no LIMIT 1`;
  const clerk = (org: string) => ({ persona: 'township-clerk', org });
  interface Found {
    matter_no: string;
    rid: string;
    org: string;
    name: string;
    phone: string;
    id_number: string;
  }

  it('names and phones of the records that the organisation handles in full, ID numbers masked', async () => {
    const found = await row<Found>(lead);
    const answer = await hub.ask(clerk(found.org), { query, variables: { matterNo: found.matter_no }, purpose: 'MEDIATION', matter: found.matter_no });
    expect(answer.errors).toBeUndefined();
    const people = answer.data.matter.records.edges.flatMap(({ node }: any) => node.requester ?? []);
    const person = people.find((one: any) => one.name === found.name);
    expect(person.phones).toContain(found.phone);
    expect(person.idNumber).toBe(`${found.id_number.slice(0, 2)}**************${found.id_number.slice(-2)}`);
    expect(answer.text).not.toContain(found.id_number);
    expect(reasons(answer, 'Person.idNumber')).toEqual(['MASKED CLASS']);
  });

  it('another organisation of the township sees no name of it', async () => {
    const found = await row<Found>(lead);
    const { org } = await row<{ org: string }>(`SELECT a.credit_code AS org FROM hub.assignment a WHERE NOT EXISTS (SELECT 1 FROM hub.matter_member x JOIN hub.matter_member y USING (matter_key) JOIN hub.assignment b ON b.rid = y.rid WHERE x.rid = $1 AND b.credit_code = a.credit_code) LIMIT 1`, found.rid);
    const answer = await hub.ask(clerk(org), { query, variables: { matterNo: found.matter_no }, purpose: 'MEDIATION', matter: found.matter_no });
    expect(answer.text).not.toContain(found.name);
    expect(answer.text).not.toContain(found.phone);
  });

  it('without the matter in hand person fields are withheld, NO_MATTER', async () => {
    const found = await row<Found>(lead);
    const answer = await hub.ask(clerk(found.org), { query, variables: { matterNo: found.matter_no }, purpose: 'MEDIATION' });
    expect(answer.text).not.toContain(found.name);
    expect(answer.data.matter.records.edges[0].node.status).not.toBeNull();
    expect(reasons(answer, 'HotlineTicket.requester')).toEqual(['WITHHELD NO_MATTER']);
  });

  it('an analyst never sees a person, whatever is asked', async () => {
    const found = await row<Found>(lead);
    const answer = await hub.ask('county-analyst', { query, variables: { matterNo: found.matter_no }, purpose: 'SUPERVISION' });
    expect(answer.text).not.toContain(found.name);
    expect(reasons(answer, 'HotlineTicket.requester')).toEqual(['WITHHELD KIND']);
  });

  it('a record joined by inference shows work fields only until somebody confirms it', async () => {
    const found = await row<{ matter_no: string; org: string; name: string; rid: string; here: string }>(`
      SELECT m.matter_no, a.credit_code AS org, n.name, far.rid, near.rid AS here FROM hub.matter m
        JOIN hub.matter_member near USING (matter_key) JOIN hub.assignment a ON a.rid = near.rid JOIN hub.record h ON h.rid = near.rid
        JOIN hub.matter_member far USING (matter_key) JOIN hub.record r ON r.rid = far.rid JOIN hub.mention n ON n.rid = far.rid
      WHERE far.basis = 'INFERRED' AND near.trust_group <> far.trust_group AND r.department = 'hotline' AND NOT r.minor AND NOT r.confidential AND r.respondent_org IS DISTINCT FROM a.credit_code
        AND h.respondent_org IS DISTINCT FROM a.credit_code AND left(h.division_now, 9) = left(r.division_now, 9) AND length(n.name) > 2 AND NOT EXISTS (SELECT 1 FROM hub.matter_member o JOIN hub.assignment b USING (rid) WHERE o.matter_key = m.matter_key AND o.rid <> near.rid AND b.credit_code = a.credit_code)
        AND NOT EXISTS (SELECT 1 FROM hub.matter_member o JOIN hub.mention k USING (rid) WHERE o.matter_key = m.matter_key AND o.rid <> far.rid AND k.name = n.name)
      ORDER BY m.matter_no LIMIT 1`);
    const ask = () => hub.ask(clerk(found.org), { query, variables: { matterNo: found.matter_no }, purpose: 'MEDIATION', matter: found.matter_no });
    const before = await ask();
    expect(before.text).not.toContain(found.name);
    expect(before.data.matter.records.edges.some(({ node }: any) => node.status && node.requester === null)).toBe(true);
    const [a, b] = [found.rid, found.here].sort();
    await hub.pool.query(`INSERT INTO hub.matter_decision (a, b, decision, decided_by) VALUES ($1, $2, 'MUST_LINK', 'test')`, [a, b]);
    await hub.recluster();
    const after = await ask();
    expect(after.text).toContain(found.name);
  });

  it('a confidential requester is ROW_PROTECTED', async () => {
    const found = await row<{ matter_no: string; name: string; org: string; rid: string }>(`
      SELECT m.matter_no, n.name, a.credit_code AS org, r.rid FROM hub.matter m JOIN hub.matter_member USING (matter_key) JOIN hub.record r USING (rid) JOIN hub.assignment a USING (rid) JOIN hub.mention n USING (rid)
      WHERE r.department = 'hotline' AND r.confidential AND n.name IS NOT NULL AND m.merged_into IS NULL AND r.respondent_org IS DISTINCT FROM a.credit_code LIMIT 1`);
    const { org } = await hub.claims('township-clerk');
    await hub.pool.query(`INSERT INTO hub.assignment (rid, credit_code, relation) VALUES ($1, $2, 'ASSIST') ON CONFLICT DO NOTHING`, [found.rid, org]);
    const answer = await hub.ask('township-clerk', { query, variables: { matterNo: found.matter_no }, purpose: 'MEDIATION', matter: found.matter_no });
    expect(answer.text).not.toContain(found.name);
    expect(reasons(answer, 'HotlineTicket.requester').concat(reasons(answer, 'Person.name'))).toContain('WITHHELD ROW_PROTECTED');
  });

  it('the organisation complained about does not see that the record is there', async () => {
    const { matter_no, org, rid } = await row<{ matter_no: string; org: string; rid: string }>(`SELECT m.matter_no, r.respondent_org AS org, r.rid FROM hub.record r JOIN hub.matter_member USING (rid) JOIN hub.matter m USING (matter_key) WHERE r.respondent_org IS NOT NULL AND m.merged_into IS NULL LIMIT 1`);
    const { org: own } = await hub.claims('township-clerk');
    await hub.pool.query('UPDATE hub.record SET respondent_org = $1 WHERE rid = $2', [own, rid]);
    await hub.pool.query(`INSERT INTO hub.assignment (rid, credit_code, relation) VALUES ($1, $2, 'LEAD') ON CONFLICT DO NOTHING`, [rid, own]);
    const answer = await hub.ask('township-clerk', { query: operation('MatterState'), variables: { matterNo: matter_no }, purpose: 'MATTER_HANDLING' });
    await hub.pool.query('UPDATE hub.record SET respondent_org = $1 WHERE rid = $2', [org, rid]);
    await hub.pool.query('DELETE FROM hub.assignment WHERE rid = $1 AND credit_code = $2', [rid, own]);
    const { ticket_no } = await row<{ ticket_no: string }>('SELECT record_key AS ticket_no FROM hub.record WHERE rid = $1', rid);
    expect(answer.text).not.toContain(ticket_no);
  });
});

describe('7: tickets by status, small counts protected', () => {
  it('the hotline supervisor sees counts, exact from 10, else <10', async () => {
    const answer = await hub.ask('hotline-supervisor', { query: operation('TicketsByStatus'), purpose: 'SUPERVISION' });
    expect(answer.errors).toBeUndefined();
    const counts: string[] = answer.data.statistic.cells.map((cell: any) => cell.count);
    expect(counts.length).toBeGreaterThan(3);
    for (const count of counts) expect(count === '<10' || Number(count) >= 10).toBe(true);
    expect(answer.data.statistic.coverage.length).toBeGreaterThan(0);
  });

  it.each(['resident', 'operator', 'auditor'])('%s is refused', async (persona) => {
    const answer = await hub.ask(persona, { query: operation('TicketsByStatus'), purpose: (await hub.claims(persona))['purposes'][0] });
    expect(answer.data.statistic?.cells ?? null).toBeNull();
  });
});

describe('11 and 12: who looked at whose record', () => {
  const history = operation('AccessHistory');

  it('the resident sees organisation, purpose, fields and legal basis, newest first, and never a name', async () => {
    const { id_number } = await hub.claims('resident');
    const own = await row<{ matter_no: string; org: string; name: string }>(
      `SELECT m.matter_no, a.credit_code AS org, n.name FROM hub.mention n JOIN hub.matter_member USING (rid) JOIN hub.matter m USING (matter_key) JOIN hub.assignment a USING (rid) JOIN hub.record r USING (rid)
       WHERE n.id_number = $1 AND m.merged_into IS NULL AND a.relation = 'LEAD' AND r.department = 'hotline' AND NOT r.confidential AND NOT r.minor AND r.respondent_org IS DISTINCT FROM a.credit_code AND n.name IS NOT NULL ORDER BY m.matter_no LIMIT 1`,
      id_number,
    );
    const read = await hub.ask({ persona: 'township-clerk', org: own.org }, { query: operation('MatterParties'), variables: { matterNo: own.matter_no }, purpose: 'MEDIATION', matter: own.matter_no });
    expect(read.text).toContain(own.name);
    const { data, text, errors } = await hub.ask('resident', { query: history, purpose: 'SUBJECT_ACCESS' });
    expect(errors).toBeUndefined();
    const [newest] = data.myAccessHistory;
    expect(newest).toMatchObject({ organization: { creditCode: own.org }, purpose: 'MEDIATION', legalBasis: expect.stringContaining('人民调解法') });
    expect(newest.fields).toContain('Person.name');
    const times = data.myAccessHistory.map(({ time }: { time: string }) => time);
    expect(times).toEqual([...times].sort().reverse());
    expect(text).not.toMatch(/township-clerk|"viewer"/);
    const proven = await hub.ask('resident', { query: '{ myAccessHistory(first: 1) { proof } }', purpose: 'SUBJECT_ACCESS' });
    const { proof } = proven.data.myAccessHistory[0];
    if (proof !== null) expect(JSON.parse(proof)).toMatchObject({ version: 1, path: expect.any(Array), checkpoint: expect.any(String) }); // null until the minute's checkpoint covers it
  });

  it('somebody else has a history of their own, and a clerk has none', async () => {
    const other = await hub.ask({ persona: 'resident', id_number: '510107199001010010' }, { query: history, purpose: 'SUBJECT_ACCESS' });
    expect(other.data).toEqual({ myAccessHistory: [] });
    expect((await hub.ask('township-clerk', { query: history, purpose: 'MEDIATION' })).data).toEqual({ myAccessHistory: null });
  });

  it('the auditor sees that the log is whole, and uses to look into', async () => {
    const { data, errors } = await hub.ask('auditor', { query: operation('LogReview'), purpose: 'AUDIT' });
    expect(errors).toBeUndefined();
    expect(data.verifyAccessLog).toMatchObject({ whole: true, findings: [] });
    expect(data.accessAnomalies).toEqual(expect.any(Array));
    expect((await hub.ask('county-analyst', { query: operation('LogReview'), purpose: 'SUPERVISION' })).data).toEqual({ verifyAccessLog: null, accessAnomalies: null });
  });
});

describe('what holds for every scenario', () => {
  it('a second sync changes 0 rows', async () => {
    const tables = ['hub.record', 'hub.mention', 'hub.landed', 'hub.matter', 'hub.matter_member', 'hub.entity', 'hotline.ticket', 'police.call'];
    const present = (await hub.pool.query<{ name: string }>(`SELECT name FROM unnest($1::text[]) AS t(name) WHERE to_regclass(name) IS NOT NULL`, [tables])).rows.map(({ name }) => name);
    const state = async () => Promise.all(present.map(async (name) => (await hub.pool.query(`SELECT '${name}' AS name, count(*) AS rows, md5(string_agg(x, '' ORDER BY x)) AS hash FROM (SELECT t::text || t.xmin::text AS x FROM ${name} t) s`)).rows[0]));
    const before = await state();
    await hub.sync();
    expect(await state()).toEqual(before);
    expect(present).toEqual(expect.arrayContaining(['hub.record', 'hub.mention', 'hub.landed', 'hub.matter']));
  });

  it('what the law seals is nowhere: tables, landed rows, queue, access log, files', async () => {
    const canaries = (JSON.parse(readFileSync(join(hub.dataset, 'truth', 'canaries.json'), 'utf8')) as { value: string; rule: string }[]).filter(({ rule }) => /^(rk_hj|jcj_jjd|tickets)\b/.test(rule));
    expect(canaries.length).toBeGreaterThan(0);
    const { rows: tables } = await hub.pool.query<{ name: string }>(`SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) AS name FROM information_schema.tables WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`);
    const found: string[] = [];
    for (const { name } of tables.filter((table) => table.name !== 'hub.division')) {
      const { rows } = await hub.pool.query<{ rule: string }>(`SELECT c.rule FROM jsonb_to_recordset($1::jsonb) AS c(value text, rule text) WHERE EXISTS (SELECT 1 FROM ${name} t WHERE strpos(t::text, c.value) > 0)`, [JSON.stringify(canaries)]);
      found.push(...rows.map(({ rule }) => `${name}: ${rule}`));
    }
    expect(found).toEqual([]);
  });

  it('every answer has its entry in the access log', async () => {
    const size = async () => (await hub.pool.query<{ entries: number }>(`SELECT count(*) AS entries FROM audit.entry WHERE viewer IS NOT NULL`)).rows[0]!.entries;
    const before = await size();
    await hub.ask('operator', { query: '{ __typename }', purpose: 'DATA_QUALITY' });
    await hub.ask('county-analyst', { query: '{ nothing }', purpose: 'STATISTICS' });
    await hub.ask('township-clerk', { query: operation('Matters'), purpose: 'MEDIATION' });
    expect(await size()).toBe(before + 3);
  });
});
