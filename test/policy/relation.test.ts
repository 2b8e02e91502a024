import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, openPool, quoted } from '../../base/db.ts';
import { migrate } from '../../base/migrate.ts';
import { openPolicy } from '../../policy/decide.ts';
import { matterRelation, mentionRelation, recordRelation, rowAccess, workMatters, workRows } from '../../policy/relation.sql.ts';
import { assertNotBypassed, enterViewer, printGrants } from '../../policy/session.ts';
import type { RowAccess } from '../../policy/row.ts';
import type { Viewer } from '../../policy/viewer.ts';
import { emptyDatabase, testDatabase, type TestDatabase } from '../postgres.ts';
import { resident, viewer } from './viewers.ts';

const ours = '12620102MB0000001A';
const others = '12620102MB0000002B';
const here = '620102001001';
const away = '620105002001';

let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase();
  const { pool } = database;
  await pool.query(`INSERT INTO hub.matter (matter_key, matter_no, status, updated_at) SELECT key, 'M-' || key, 'OPEN', now() FROM unnest($1::text[]) AS key`, [['matter-1', 'matter-2', 'matter-3']]);
  const record = async (rid: string, columns: { division?: string; respondent?: string; confidential?: boolean; updated?: string; department?: string } = {}) =>
    pool.query(
      `INSERT INTO hub.record (rid, department, stream, record_key, type_name, fetched_at, division_now, respondent_org, confidential, source_updated_at)
       VALUES ($1, $2, 'tickets', $1, 'HotlineTicket', now(), $3, $4, $5, $6)`,
      [rid, columns.department ?? 'hotline', columns.division ?? away, columns.respondent ?? null, columns.confidential ?? false, columns.updated ?? new Date().toISOString()],
    );
  const member = (rid: string, matter: string, basis: string, group: string) => pool.query(`INSERT INTO hub.matter_member (rid, matter_key, basis, trust_group, evidence) VALUES ($1, $2, $3, $4, '[]')`, [rid, matter, basis, group]);
  const assign = (rid: string, org: string, relation: string) => pool.query('INSERT INTO hub.assignment VALUES ($1, $2, $3)', [rid, org, relation]);
  const mention = async (rid: string, role: string, idHmac: string | null) => {
    await pool.query(`INSERT INTO hub.mention (mention_id, rid, department, role, ordinal, kind, id_hmac) VALUES ($1, $2, 'hotline', $3, 0, 'PERSON', $4)`, [`${rid}-${role}`, rid, role, idHmac]);
    if (idHmac) await pool.query('INSERT INTO hub.mention_self VALUES ($1, $2)', [rid, idHmac]);
  };
  await record('led', { confidential: true });
  await assign('led', ours, 'LEAD');
  await record('assisted');
  await assign('assisted', ours, 'ASSIST');
  await record('explicit');
  await record('inferred');
  await record('named by the inferred');
  // `named by the inferred` rests on an explicit reference, but to a record that an inference joined.
  for (const [rid, basis, group] of [['led', 'FOUNDING', 'a'], ['explicit', 'EXPLICIT', 'a'], ['inferred', 'INFERRED', 'b'], ['named by the inferred', 'EXPLICIT', 'b']] as const) await member(rid, 'matter-1', basis, group);
  await record('near', { division: here, department: 'mediation' });
  await record('sibling', { division: '620102002001' });
  await record('far');
  await member('far', 'matter-2', 'FOUNDING', 'a');
  await record('against', { division: here, respondent: ours });
  await assign('against', ours, 'LEAD');
  await record('beside');
  for (const [rid, basis] of [['against', 'FOUNDING'], ['beside', 'EXPLICIT']] as const) await member(rid, 'matter-3', basis, 'c');
  await record('old', { division: here, updated: '1999-01-01T00:00:00Z' });
  await record('mine', { division: away });
  await mention('mine', 'REQUESTER', 'own');
  await record('sued', { division: away });
  await mention('sued', 'DEFENDANT', 'own');
  await mention('sued', 'PLAINTIFF', 'somebody');
});

afterAll(() => database.drop());

/** What a viewer sees, as a subgraph would: rid → the relations that hold. */
async function seenBy(one: Viewer, sql: string): Promise<Record<string, string[]>> {
  const client = await connect(database.pool);
  try {
    await enterViewer(client, one);
    const { rows } = await client.query<{ key: string; relation: number }>(sql);
    return Object.fromEntries(rows.map(({ key, relation }) => [key, named(rowAccess({ department: 'hotline', relation }))]));
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}

function named(row: RowAccess): string[] {
  return Object.entries({ ...row, ...row.protections }).flatMap(([name, value]) => (value === true ? [name] : []));
}

const records = `SELECT r.rid AS key, ${recordRelation('r')} AS relation FROM hub.record r ORDER BY r.rid`;

describe('the relation of a viewer to a record', () => {
  it('is assignment, jurisdiction and explicit membership, and never an inference', async () => {
    expect(await seenBy(viewer(), records)).toEqual({
      led: ['assigned', 'lead', 'inMatter', 'linked', 'confidential'],
      assisted: ['assigned'],
      explicit: ['assigned', 'lead', 'inMatter', 'linked'],
      inferred: ['inMatter', 'linked'],
      'named by the inferred': ['inMatter', 'linked'],
      near: ['inJurisdiction', 'owner'],
      old: ['inJurisdiction', 'pastRetention'],
    });
  });

  it('hides records about the caller’s own organisation, sibling townships and other counties', async () => {
    const seen = Object.keys(await seenBy(viewer(), records));
    for (const hidden of ['against', 'beside', 'sibling', 'far', 'mine']) expect(seen).not.toContain(hidden);
  });

  it.each(['', 'd'])('does not reach out of the trust group of the assigned record (`%s`)', async (group) => {
    await database.pool.query(`UPDATE hub.matter_member SET trust_group = $1 WHERE rid = 'led'`, [group]);
    const seen = await seenBy(viewer(), records);
    await database.pool.query(`UPDATE hub.matter_member SET trust_group = 'a' WHERE rid = 'led'`);
    expect(seen['explicit']).toEqual(['inMatter', 'linked']);
  });

  it('nor within no group at all', async () => {
    await database.pool.query(`UPDATE hub.matter_member SET trust_group = '' WHERE matter_key = 'matter-1'`);
    const seen = await seenBy(viewer(), records);
    const supervisor = viewer({ purpose: 'SUPERVISION' });
    const listed = await seenBy(supervisor, `SELECT r.rid AS key, 0 AS relation FROM hub.record r WHERE ${workRows(openPolicy(), supervisor, 'r')}`);
    await database.pool.query(`UPDATE hub.matter_member SET trust_group = CASE WHEN rid IN ('led', 'explicit') THEN 'a' ELSE 'b' END WHERE matter_key = 'matter-1'`);
    expect(seen['explicit']).toEqual(['inMatter', 'linked']);
    expect(Object.keys(listed).sort()).toEqual(['assisted', 'led', 'near', 'old']);
  });

  it('widens with the tier', async () => {
    const count = async (changes: Partial<Viewer>) => Object.keys(await seenBy(viewer({ org: null, ...changes }), records)).length;
    expect(await count({ tier: 'VILLAGE', division: here })).toBe(3);
    expect(await count({ tier: 'TOWNSHIP', division: '620102001000' })).toBe(3);
    expect(await count({ tier: 'COUNTY', division: '620102000000' })).toBe(4);
    expect(await count({ tier: 'CITY', division: '620100000000' })).toBe(13);
    expect(await count({ tier: 'CITY', division: '620200000000' })).toBe(0);
  });

  it('shows nothing without a territory, nothing to those who have no business with records, nothing without settings', async () => {
    expect(await seenBy(viewer({ org: null, tier: null, division: null }), records)).toEqual({});
    expect(await seenBy(viewer({ kind: 'AUDITOR' }), records)).toEqual({});
    expect(await seenBy(viewer({ kind: 'OPERATOR' }), records)).toEqual({});
    expect(await seenBy(viewer({ kind: 'ANONYMOUS' }), records)).toEqual({});
    const { rows } = await database.pool.query(`BEGIN; SET LOCAL ROLE yiwang_reader; SELECT count(*)::int FROM hub.record; ROLLBACK`).then((results) => (results as unknown as { rows: unknown[] }[])[2]!);
    expect(rows).toEqual([{ count: 0 }]);
  });

  it('gives a resident the records that carry their ID number; of these their own mention and what they filed', async () => {
    const mentions = `SELECT m.mention_id AS key, ${mentionRelation('m', 'r')} AS relation FROM hub.mention m JOIN hub.record r USING (rid)`;
    expect(await seenBy(resident(), records)).toEqual({ mine: ['self', 'involved'], sued: ['involved'] });
    expect(await seenBy(resident(), mentions)).toEqual({ 'mine-REQUESTER': ['self', 'involved'], 'sued-DEFENDANT': ['self', 'involved'], 'sued-PLAINTIFF': ['involved'] });
    expect(await seenBy(resident({ idHmac: 'another' }), records)).toEqual({});
    expect(await seenBy(resident({ idHmac: null }), records)).toEqual({});
  });

  it('derives a matter from the records that are seen', async () => {
    const matters = `SELECT m.matter_key AS key, ${matterRelation('m')} AS relation FROM hub.matter m`;
    expect(await seenBy(viewer(), matters)).toEqual({ 'matter-1': ['assigned', 'lead', 'inMatter', 'linked'] });
    expect(await seenBy(viewer({ org: others, division: '620102009000' }), matters)).toEqual({});
    // A record about the caller's own organisation lends nothing: neither to its matter nor to the record beside it.
    const wide = viewer({ tier: 'CITY', division: '620100000000' });
    expect(await seenBy(wide, matters)).toMatchObject({ 'matter-3': ['inJurisdiction'] });
    expect(await seenBy(wide, `SELECT r.rid AS key, ${recordRelation('r')} AS relation FROM hub.record r WHERE r.rid = 'beside'`)).toEqual({ beside: ['inJurisdiction'] });
  });
});

describe('rows of which a viewer may see WORK', () => {
  const policy = openPolicy();
  const listed = async (one: Viewer) => Object.keys(await seenBy(one, `SELECT r.rid AS key, 0 AS relation FROM hub.record r WHERE ${workRows(policy, one, 'r')} ORDER BY 1`));

  it.each<[string, Viewer, string[]]>([
    ['handling', viewer(), ['assisted', 'explicit', 'inferred', 'led', 'named by the inferred', 'near']],
    ['delivering a service', viewer({ purpose: 'SERVICE_DELIVERY' }), ['assisted', 'explicit', 'inferred', 'led', 'named by the inferred']],
    ['supervising', viewer({ purpose: 'SUPERVISION' }), ['assisted', 'explicit', 'led', 'near', 'old']],
    ['handling, with a city for a territory', viewer({ tier: 'CITY', division: '620100000000', department: null }), ['assisted', 'explicit', 'inferred', 'led', 'named by the inferred']],
    ['counting', viewer({ purpose: 'STATISTICS' }), []],
    ['no purpose', viewer({ purpose: null }), []],
    ['a resident', resident(), ['mine', 'sued']],
  ])('%s', async (_, one, expected) => {
    expect(await listed(one)).toEqual(expected);
  });

  it('and matters that hold one', async () => {
    const sql = (one: Viewer) => `SELECT m.matter_key AS key, 0 AS relation FROM hub.matter m WHERE ${workMatters(policy, one, 'm')}`;
    expect(Object.keys(await seenBy(viewer(), sql(viewer())))).toEqual(['matter-1']);
    expect(Object.keys(await seenBy(viewer(), sql(viewer({ purpose: 'STATISTICS' }))))).toEqual([]);
  });
});

describe('the reader’s session', () => {
  it('ends with its transaction: the next user of the connection starts without role and settings', async () => {
    const client = await connect(database.pool);
    try {
      await enterViewer(client, viewer());
      expect((await client.query(`SELECT current_user AS who, hub.viewer('org') AS org`)).rows).toEqual([{ who: 'yiwang_reader', org: ours }]);
      await client.query('ROLLBACK');
      const { rows } = await client.query(`SELECT current_user <> 'yiwang_reader' AS back, hub.viewer('org') AS org`);
      expect(rows).toEqual([{ back: true, org: null }]);
    } finally {
      client.release();
    }
  });

  it('cannot write, and takes a hostile setting as text', async () => {
    const client = await connect(database.pool);
    try {
      await enterViewer(client, viewer({ org: `x'); SET ROLE postgres; --` }));
      expect((await client.query(`SELECT current_user AS who, hub.viewer('org') AS org`)).rows).toEqual([{ who: 'yiwang_reader', org: `x'); SET ROLE postgres; --` }]);
      await expect(client.query(`DELETE FROM hub.record`)).rejects.toThrow(/read-only|permission denied/);
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  });

  it('refuses to start where row-level security does not hold', async () => {
    await expect(assertNotBypassed(database.pool)).resolves.toBeUndefined();
    await database.pool.query('ALTER TABLE hub.mention NO FORCE ROW LEVEL SECURITY');
    await expect(assertNotBypassed(database.pool)).rejects.toThrow(/hub.mention has no FORCE ROW LEVEL SECURITY/);
    await database.pool.query('ALTER TABLE hub.mention FORCE ROW LEVEL SECURITY');
    await database.pool.query('CREATE SCHEMA detail; CREATE TABLE detail.ticket (rid text PRIMARY KEY REFERENCES hub.record); GRANT USAGE ON SCHEMA detail TO yiwang_reader; GRANT SELECT ON detail.ticket TO yiwang_reader');
    await expect(assertNotBypassed(database.pool)).rejects.toThrow(/detail.ticket has no FORCE ROW LEVEL SECURITY/);
    await database.pool.query('DROP SCHEMA detail CASCADE');
  });

  it('prints what an administrator has to run', () => {
    expect(printGrants('hub"user')).toContain('GRANT yiwang_reader TO yiwang_roles;');
    expect(printGrants('hub"user')).toMatch(/GRANT yiwang_roles TO "hub""user";$/);
  });
});

describe('a membership', () => {
  const seen = async (as: Viewer, table: string): Promise<string[]> => {
    const client = await connect(database.pool);
    try {
      await enterViewer(client, as);
      return (await client.query<{ rid: string }>(`SELECT rid FROM hub.${table} ORDER BY rid`)).rows.map(({ rid }) => rid);
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  };
  const callers = [viewer(), viewer({ org: others }), viewer({ org: null }), viewer({ kind: 'ANALYST', tier: 'PROVINCE', division: '620000000000' }), viewer({ kind: 'OPERATOR' }), viewer({ kind: 'AUDITOR' }), viewer({ kind: 'ANONYMOUS' }), resident()];
  const members = ['led', 'explicit', 'inferred', 'named by the inferred', 'far', 'against', 'beside', 'mine', 'sued'];

  it('is there where its record is, for whoever asks and after the record was changed', async () => {
    const isWithItsRecord = async (): Promise<number> => {
      let seenCount = 0;
      for (const as of callers) {
        const records = await seen(as, 'record');
        const met = await seen(as, 'matter_member');
        expect(met, JSON.stringify(as)).toEqual(records.filter((rid) => members.includes(rid)));
        seenCount += met.length;
      }
      return seenCount;
    };
    const { pool } = database;
    await pool.query(`INSERT INTO hub.matter_member (rid, matter_key, basis, trust_group, evidence) SELECT rid, 'matter-2', 'INFERRED', rid, '[]' FROM unnest(ARRAY['mine', 'sued']) AS rid`);
    try {
      const before = await isWithItsRecord();
      await pool.query(`UPDATE hub.record SET division_now = '${here}' WHERE rid IN ('far', 'mine')`);
      expect(await isWithItsRecord()).toBeGreaterThan(before);
      await pool.query(`UPDATE hub.record SET respondent_org = '${ours}' WHERE rid IN ('far', 'led')`);
      expect(await isWithItsRecord()).toBeLessThan(before + 4);
      await pool.query(`INSERT INTO hub.record (rid, department, stream, record_key, type_name, fetched_at, division_now) VALUES ('far', 'hotline', 'tickets', 'far', 'HotlineTicket', now(), NULL) ON CONFLICT (rid) DO UPDATE SET division_now = excluded.division_now, respondent_org = excluded.respondent_org`);
      await isWithItsRecord();
    } finally {
      await pool.query(`UPDATE hub.record SET division_now = '${away}', respondent_org = NULL WHERE rid IN ('far', 'mine', 'led')`);
      await pool.query(`DELETE FROM hub.matter_member WHERE rid IN ('mine', 'sued')`);
    }
  });
});

describe('the views of what policies hide', () => {
  const views = `SELECT ARRAY(SELECT DISTINCT rid FROM hub.linked_record ORDER BY 1) AS linked, ARRAY(SELECT rid FROM hub.own_mention ORDER BY 1) AS own, ARRAY(SELECT rid FROM hub.matter_record ORDER BY 1) AS matter`;
  const told = async (as: Viewer, before = 'SELECT 1', pool = database.pool) => {
    const client = await connect(pool);
    try {
      await enterViewer(client, as);
      await client.query(before);
      return (await client.query<{ linked: string[]; own: string[]; matter: string[] }>(views)).rows[0];
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  };

  it('tell the organisation’s own part, and another one nothing, in the next transaction and in the same one', async () => {
    const linked = ['explicit', 'inferred', 'led', 'named by the inferred'];
    expect(await told(viewer({ matterKey: null }))).toEqual({ linked, own: [], matter: [] });
    expect(await told(viewer({ matterKey: null, org: others }))).toEqual({ linked: [], own: [], matter: [] });
    expect(await told(viewer({ matterKey: null }), `SELECT set_config('yiwang.org', '${others}', true)`)).toEqual({ linked: [], own: [], matter: [] });
  });

  it('tell a resident of their own mentions, and nobody of anything without settings', async () => {
    expect(await told(resident())).toEqual({ linked: [], own: ['mine', 'sued'], matter: [] });
    expect(await told(resident({ idHmac: null }))).toEqual({ linked: [], own: [], matter: [] });
    for (const kind of ['OPERATOR', 'AUDITOR', 'ANONYMOUS'] as const) expect((await told(viewer({ kind })))?.linked).toEqual([]);
  });

  it('hold where the owner of the tables is no superuser, whom policies bind as well', async () => {
    const owner = `owner_${randomBytes(5).toString('hex')}`;
    const plain = await emptyDatabase();
    const roles = 'yiwang_reader, yiwang_writer, yiwang_log_writer';
    const name = quoted(new URL(plain.url).pathname.slice(1));
    await plain.pool.query(`CREATE ROLE ${owner} NOSUPERUSER NOBYPASSRLS; GRANT ${roles} TO ${owner}; ALTER DATABASE ${name} OWNER TO ${owner}; ALTER SCHEMA public OWNER TO ${owner}`);
    const asOwner = openPool(`${plain.url}?options=-c%20role%3D${owner}`, { connectionsMax: 1 });
    try {
      await migrate(asOwner);
      await asOwner.query(`INSERT INTO hub.matter (matter_key, matter_no, status, updated_at) VALUES ('m', 'M', 'OPEN', now());
        INSERT INTO hub.record (rid, department, stream, record_key, type_name, fetched_at) SELECT rid, 'hotline', 'tickets', rid, 'HotlineTicket', now() FROM unnest(ARRAY['ours', 'beside', 'alone']) AS rid;
        INSERT INTO hub.matter_member (rid, matter_key, basis, trust_group, evidence) SELECT rid, 'm', 'FOUNDING', rid, '[]' FROM unnest(ARRAY['ours', 'beside']) AS rid;
        INSERT INTO hub.assignment VALUES ('ours', '${ours}', 'LEAD')`);
      expect(await told(viewer({ matterKey: 'm' }), 'SELECT 1', asOwner)).toEqual({ linked: ['beside', 'ours'], own: [], matter: ['beside', 'ours'] });
      expect(await told(viewer({ org: others, matterKey: null }), 'SELECT 1', asOwner)).toEqual({ linked: [], own: [], matter: [] });
    } finally {
      await asOwner.end();
      await plain.pool.query(`REASSIGN OWNED BY ${owner} TO CURRENT_USER; DROP OWNED BY ${owner} CASCADE`);
      await plain.drop();
      await database.pool.query(`DROP ROLE ${owner}`);
    }
  });

  it('and where that owner made the roles, and may act as them only through one that does not inherit', async () => {
    const owner = `owner_${randomBytes(5).toString('hex')}`;
    const plain = await emptyDatabase();
    const name = quoted(new URL(plain.url).pathname.slice(1));
    // As PostgreSQL 16 grants to who creates a role, and as 15 does what 0020 grants: inherited.
    await plain.pool.query(`CREATE ROLE ${owner} LOGIN PASSWORD 'plain' CREATEROLE NOSUPERUSER NOBYPASSRLS; GRANT yiwang_reader, yiwang_writer, yiwang_log_writer, yiwang_log_reader TO ${owner} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE; ALTER DATABASE ${name} OWNER TO ${owner}`);
    const url = new URL(plain.url);
    url.username = owner;
    url.password = 'plain';
    const asOwner = openPool(url.href, { connectionsMax: 1 });
    try {
      await migrate(asOwner);
      await assertNotBypassed(asOwner);
      const { rows } = await asOwner.query<{ inherits: boolean }>(`SELECT bool_or(pg_has_role(name, 'USAGE')) AS inherits FROM unnest(ARRAY['yiwang_reader', 'yiwang_writer']) AS name`);
      expect(rows).toEqual([{ inherits: false }]);
      await plain.pool.query(`GRANT yiwang_reader TO ${owner} WITH INHERIT TRUE`);
      await expect(assertNotBypassed(asOwner)).rejects.toThrow(/inherits a role of the hub.*REVOKE yiwang_reader FROM/);
      await plain.pool.query(`GRANT yiwang_reader TO ${owner} WITH INHERIT FALSE`);
      await asOwner.query(`INSERT INTO hub.record (rid, department, stream, record_key, type_name, fetched_at) VALUES ('r', 'hotline', 'tickets', 'r', 'HotlineTicket', now())`);
      expect((await asOwner.query('UPDATE hub.record SET minor = minor RETURNING rid')).rows).toEqual([{ rid: 'r' }]);
    } finally {
      await asOwner.end();
      await plain.pool.query(`REASSIGN OWNED BY ${owner} TO CURRENT_USER; DROP OWNED BY ${owner} CASCADE`);
      await plain.drop();
      await database.pool.query(`DROP ROLE IF EXISTS yiwang_roles; DROP OWNED BY ${owner} CASCADE; DROP ROLE ${owner}`);
    }
  });
});
