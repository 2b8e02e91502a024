import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import { sha256Hex } from '../../base/canonical.ts';
import { openPolicy, type Policy } from '../../policy/decide.ts';
import { signViewer, viewerHeader, type Viewer } from '../../policy/viewer.ts';
import type { Answer } from '../../subgraphs/build.ts';
import { startSubgraphs, type StartOptions, type Subgraphs } from '../../subgraphs/main.ts';
import type { TestDatabase } from '../postgres.ts';

/** A small county, written as the connectors and jobs leave it, and the subgraphs on it. */
export interface World {
  subgraphs: Subgraphs;
  policy: Policy;
  /** Statements of the last request. */
  statements: string[];
  ask(subgraph: string, viewer: Viewer, query: string, variables?: Record<string, unknown>): Promise<Answer & { data: Record<string, any> }>;
}

export const orgs = { centre: '12510107MB0000001A', bureau: '11510107MB0000002B', police: '11510107MB0000003C', sibling: '12510108MB0000004D', accused: '91510107MB0000005E' };
export const township = '510107001000';
export const village = '510107001003';

/** Names begin with who they are; every ID number, phone and name is made up. */
export const secret = { reporter: '周默安', requester: '吴苏禾', hidden: '郑隐之', idNumber: '510107196307100759', phone: '13912345678' };

export const master = Buffer.alloc(32, 7);

export async function openWorld(db: TestDatabase, more: Partial<StartOptions> = {}): Promise<World> {
  const statements: string[] = [];
  const policy = openPolicy();
  const viewerKey = randomBytes(32);
  const subgraphs = await startSubgraphs({ pool: db.pool, policy, viewerKey, master, port: null, compileAfter: 1, onStatement: (sql) => statements.push(sql), ...more });
  return {
    subgraphs,
    policy,
    statements,
    async ask(subgraph, viewer, query, variables = {}) {
      const body = JSON.stringify({ query, variables });
      const asked = async () => {
        statements.length = 0;
        const header = signViewer(viewer, { audience: subgraph, bodyHash: sha256Hex(body), key: viewerKey, now: more.clock?.() ?? new Date() });
        const answer = await subgraphs.inject(subgraph, body, { [viewerHeader]: header });
        // What a gateway gets went through JSON.
        return JSON.parse(JSON.stringify({ ...answer, data: answer.body.data }));
      };
      const answer = await asked();
      if (query.startsWith('mutation')) return answer;
      // The second of its kind is compiled, and must be the same in everything but its sealed cursors.
      const compiled = await asked();
      expect(unsealed(compiled)).toEqual(unsealed(answer));
      return compiled;
    },
  };
}

function unsealed(answer: unknown): string {
  return JSON.stringify(answer, (key, value: unknown) => (key === 'endCursor' ? typeof value : value));
}

export interface Planted {
  rid: string;
  department?: 'police' | 'hotline';
  division?: string;
  matter?: string;
  basis?: 'FOUNDING' | 'EXPLICIT' | 'CONFIRMED' | 'INFERRED';
  lead?: string;
  assist?: string;
  respondent?: string;
  status?: string;
  category?: string;
  at?: string;
  confidential?: boolean;
  minor?: boolean;
  person?: { name: string; idNumber?: string; idHmac?: string; phone?: string; entity?: string; address?: string; birthDate?: string; mentionId?: string };
  evidence?: unknown[];
}

/** A record with its detail row, mention, assignments and membership. Its key is its rid. */
export async function plant(db: TestDatabase, one: Planted): Promise<void> {
  const department = one.department ?? 'hotline';
  const stream = department === 'police' ? 'jcj_jjd' : 'tickets';
  const division = one.division ?? village;
  const at = one.at ?? '2026-05-01T08:00:00Z';
  const text = `${one.person?.name ?? ''}诉求`;
  await db.pool.query(
    `INSERT INTO hub.record (rid, department, stream, record_key, type_name, occurred_at, source_updated_at, fetched_at, status, category, division, division_now, lead_org, assist_orgs, respondent_org, confidential, minor)
     VALUES ($1, $2, $3, $1, $4, $5, now(), now(), $6, $7, $8, $8, $9, $10, $11, $12, $13)`,
    [one.rid, department, stream, department === 'police' ? 'PoliceCall' : 'HotlineTicket', at, one.status ?? 'OPEN', one.category ?? '02', division, one.lead ?? null, one.assist ? [one.assist] : [], one.respondent ?? null, one.confidential ?? false, one.minor ?? false],
  );
  if (department === 'police') await db.pool.query(`INSERT INTO police.call (rid, result, address, lng, lat, narrative, handed_to_mediation, family_violence_warning, dispatched_at) VALUES ($1, '02', $3, 104.08, 30.63, $2, true, false, '2026-05-01T08:05:00Z')`, [one.rid, text, one.person?.address ?? null]);
  else await db.pool.query(`INSERT INTO hotline.ticket (rid, status, withdrawn, category_path, title, body, address, channel) VALUES ($1, 'HANDLING', false, '{城市管理,噪音}', $2, $2, $3, 'WEB')`, [one.rid, text, one.person?.address ?? null]);
  for (const [code, relation] of [[one.lead, 'LEAD'], [one.assist, 'ASSIST']]) if (code) await db.pool.query('INSERT INTO hub.assignment (rid, credit_code, relation) VALUES ($1, $2, $3)', [one.rid, code, relation]);
  if (one.person) await plantPerson(db, one, department);
  if (one.matter) await join(db, one, at);
}

async function plantPerson(db: TestDatabase, { rid, person }: Planted, department: string): Promise<void> {
  await db.pool.query(
    `INSERT INTO hub.mention (mention_id, rid, department, role, ordinal, kind, name, id_number, id_hmac, phones, address, birth_date, sex, entity_key, source_updated_at) VALUES ($1, $2, $3, $4, 0, 'PERSON', $5, $6, $7, $8, $9, $10, '1', $11, now())`,
    [person!.mentionId ?? `m-${rid}`, rid, department, department === 'police' ? 'REPORTER' : 'REQUESTER', person!.name, person!.idNumber ?? null, person!.idHmac ?? null, person!.phone ? [person!.phone] : [], person!.address ?? null, person!.birthDate ?? null, person!.entity ?? null],
  );
  if (person!.idHmac) await db.pool.query('INSERT INTO hub.mention_self (rid, id_hmac) VALUES ($1, $2)', [rid, person!.idHmac]);
}

async function join(db: TestDatabase, { rid, matter, basis, evidence }: Planted, at: string): Promise<void> {
  await db.pool.query(`INSERT INTO hub.matter (matter_key, matter_no, status, opened_at, updated_at) VALUES ($1, $2, 'OPEN', $3, $3) ON CONFLICT DO NOTHING`, [matter, `M-${matter}`.toUpperCase(), at]);
  // What was merely inferred stands in a trust group of its own, as matters/trust.ts has it.
  const group = basis === 'INFERRED' ? rid : matter;
  await db.pool.query(`INSERT INTO hub.matter_member (rid, matter_key, basis, trust_group, evidence) VALUES ($1, $2, $3, $4, $5)`, [rid, matter, basis ?? 'FOUNDING', group, JSON.stringify(evidence ?? [])]);
}
