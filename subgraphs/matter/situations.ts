import { sql, type SQL } from 'drizzle-orm';
import { workMatters } from '../../policy/relation.sql.ts';
import { access, divisionAccess } from '../../policy/row.ts';
import { factInWords } from '../../matters/thing-facts.ts';
import { channelNames, coded, disputeTypesInEnglish, named } from '../../schema/codes.ts';
import type { Page } from '../connection.ts';
import type { SubgraphContext } from '../context.ts';
import type { Position } from '../cursor.ts';
import { load, type Batch } from '../loader.ts';
import { reference } from '../record.ts';
import { territoryPrefix } from '../territory.ts';
import { mattersByKey, type MatterParent } from './matters.ts';
import type { SituationFilterType, SituationKindType, SituationTrendType } from './types.generated.ts';

export type SituationColumns = {
  situation_key: string;
  kind: SituationKindType;
  name: string;
  identifier: string | null;
  facility_kind: string | null;
  category: string | null;
  division: string;
  from_at: string;
  to_at: string;
  records: string;
  requesters: string;
  channels: string[];
  keywords: string[];
  trend: SituationTrendType;
  facts: { name: string; value: string; unit: string; reports: string }[];
};

/** One page of hotspots, the latest first; of the caller's territory, which row-level security holds too. */
export async function situationPage(context: SubgraphContext, page: Page, filter: SituationFilterType): Promise<SituationColumns[]> {
  const tx = await context.tx();
  const after = page.after ? [sql`(s.to_at, s.situation_key) < (${page.after[0]}::timestamptz, ${page.after[1]})`] : [];
  const where = sql.join([sql`true`, ...conditions(filter), ...after], sql` AND `);
  const { rows } = await tx.execute<SituationColumns>(sql`
    SELECT s.situation_key, s.kind, s.name, s.identifier, s.facility_kind, s.category, s.division, s.from_at::text, s.to_at::text, s.records, s.requesters, s.channels, s.keywords, s.trend, s.facts
    FROM hub.situation s WHERE ${where} ORDER BY s.to_at DESC, s.situation_key DESC LIMIT ${page.rowsMax + 1}`);
  return rows;
}

export function situationPosition(row: SituationColumns): Position {
  return [row.to_at, row.situation_key];
}

const mattersMax = 100;

/** A hotspot lies in its division; the matters behind it are each the caller's to see or not. */
export function situation(context: SubgraphContext, row: SituationColumns) {
  return {
    [access]: divisionAccess(context.viewer, row.division),
    subject: { kind: row.kind, name: subjectName(row).zh, identifier: row.identifier, facilityKind: row.facility_kind, category: coded(row.category, 'dispute-type'), division: reference('Division', 'code', row.division) },
    from: row.from_at,
    to: row.to_at,
    records: row.records,
    requesters: row.requesters,
    channels: row.channels.map((channel) => named(channel, 'channel', channelNames)),
    keywords: row.keywords,
    trend: row.trend,
    facts: row.facts,
    matters: async (): Promise<MatterParent[]> => {
      const keys = (await load(context, matterKeysBySituation, row.situation_key)) ?? [];
      return (await Promise.all(keys.map((key) => load(context, mattersByKey, key)))).filter((found) => found !== null);
    },
    notice: notice(row),
  };
}

/** A hotspot has up to thousands of matters, and few ask for them: the first of those that the caller sees, so that no hidden one takes a place. */
const matterKeysBySituation: Batch<string, string[]> = async (context, situations) => {
  const tx = await context.tx();
  const { rows } = await tx.execute<{ situation_key: string; keys: string[] }>(sql`
    SELECT s.situation_key, ARRAY(
      SELECT m.matter_key FROM unnest(s.matter_keys) WITH ORDINALITY AS k(key, place) JOIN hub.matter m ON m.matter_key = k.key
      WHERE ${sql.raw(workMatters(context.policy, context.viewer, 'm'))} ORDER BY k.place LIMIT ${mattersMax}) AS keys
    FROM hub.situation s WHERE s.situation_key = ANY (${sql.param([...situations])}::text[])`);
  return new Map(rows.map((row) => [row.situation_key, row.keys]));
};

/** The sentences about a hotspot; no person is in them. */
export function notice(row: SituationColumns): { zh: string; en: string } {
  const subject = subjectName(row);
  const zh = row.kind === 'TOPIC' ? `${subject.zh}类诉求` : `${row.facility_kind ?? ''}${subject.zh}`;
  const [from, to] = [shanghai(row.from_at), shanghai(row.to_at)];
  const facts = row.facts.map(factInWords).filter((fact) => fact !== null);
  const told = (language: 'zh' | 'en', before: string, between: string, after: string) => (facts.length > 0 ? `${before}${facts.map((fact) => fact[language]).join(between)}${after}` : '');
  return {
    zh: `${zh}：${from} 至 ${to} 收到 ${row.records} 件诉求，来自 ${row.channels.length} 个渠道，诉求人 ${row.requesters}${told('zh', '（', '；', '）')}。`,
    en: `${subject.en}: ${row.records} reports through ${row.channels.length} channels from ${from} to ${to}, requesters ${row.requesters}${told('en', ' (', '; ', ')')}.`,
  };
}

/** A topic has no name of its own: it is called as its category is. */
function subjectName({ kind, name, category }: SituationColumns): { zh: string; en: string } {
  if (kind !== 'TOPIC') return { zh: name, en: name };
  return { zh: coded(category, 'dispute-type')?.name ?? category ?? '', en: disputeTypesInEnglish[category ?? ''] ?? category ?? '' };
}

function shanghai(instant: string): string {
  return new Date(Date.parse(instant) + 8 * 3_600_000).toISOString().slice(0, 16).replace('T', ' ');
}

function conditions(filter: SituationFilterType): SQL[] {
  const found: SQL[] = [];
  if (filter.kind) found.push(sql`s.kind = ANY (${sql.param(filter.kind)}::text[])`);
  if (filter.division) found.push(sql`starts_with(s.division, ${territoryPrefix(filter.division) ?? 'none'})`);
  if (filter.category) found.push(sql`s.category = ANY (${sql.param(filter.category)}::text[])`);
  if (filter.identifier) found.push(sql`s.identifier = ${filter.identifier}`);
  if (filter.from) found.push(sql`s.to_at >= ${filter.from.toISOString()}::timestamptz`);
  if (filter.before) found.push(sql`s.from_at < ${filter.before.toISOString()}::timestamptz`);
  return found;
}
