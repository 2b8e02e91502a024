import { sql } from 'drizzle-orm';
import { inTransaction, type Pool, type Transaction } from '../base/db.ts';
import { plainText } from '../linkage/standardise/text.ts';
import { factsOf } from '../matters/thing-facts.ts';

/** What belongs to a person is no facility, whatever a report calls it. */
const personal = /手机|电话机|电脑|车牌|私家车|小轿车|电动车|摩托车|宠物/u;
const countyDigits = 6;

/**
 * What hotline reports name becomes one thing each: a report without the identifier joins the one thing of that kind and
 * name in its county that has one; two with different identifiers stay two. A thing that no record names goes. Then each
 * thing gets its place, who looks after it, and what reports tell of it. Running it twice changes nothing.
 */
export async function settleThings(pool: Pool): Promise<number> {
  return inTransaction(pool, async (tx) => {
    const moved = await joinSpellings(tx);
    await tx.execute(sql`DELETE FROM hub.thing t WHERE NOT EXISTS (SELECT 1 FROM hub.record r WHERE r.thing_key = t.thing_key)`);
    return moved + (await describe(tx));
  });
}

type ThingRow = { thing_key: string; kind: string; name: string; identifier: string | null; division: string | null };

async function joinSpellings(tx: Transaction): Promise<number> {
  const { rows } = await tx.execute(sql`SELECT thing_key, kind, name, identifier, division FROM hub.thing ORDER BY thing_key`);
  const groups = new Map<string, ThingRow[]>();
  for (const row of rows as unknown as ThingRow[]) {
    const key = `${normal(row.kind)}|${normal(row.name)}|${(row.division ?? '').slice(0, countyDigits)}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const moves = [...groups.values()].flatMap(movesOf);
  const { rowCount } = await tx.execute(sql`
    UPDATE hub.record r SET thing_key = x.into_key FROM jsonb_to_recordset(${JSON.stringify(moves)}::jsonb) AS x(from_key text, into_key text)
    WHERE r.thing_key = x.from_key AND r.thing_key IS DISTINCT FROM x.into_key`);
  return rowCount ?? 0;
}

function movesOf(group: readonly ThingRow[]): { from_key: string; into_key: string | null }[] {
  if (group.some((row) => personal.test(row.kind))) return group.map((row) => ({ from_key: row.thing_key, into_key: null }));
  const named = group.filter((row) => row.identifier !== null);
  const target = named.length === 1 ? named[0] : named.length === 0 ? group[0] : undefined;
  if (!target) return [];
  return group.filter((row) => row.identifier === null && row !== target).map((row) => ({ from_key: row.thing_key, into_key: target.thing_key }));
}

function normal(text: string): string {
  return (plainText(text) ?? '').replaceAll(/\s/g, '').toLowerCase();
}

/** The place most of its records lie at, and the organisation that handles most of them. */
async function describe(tx: Transaction): Promise<number> {
  const { rowCount } = await tx.execute(sql`
    UPDATE hub.thing t SET place_key = x.place_key, operator = x.operator FROM (
      SELECT r.thing_key, mode() WITHIN GROUP (ORDER BY r.place_key) AS place_key, mode() WITHIN GROUP (ORDER BY r.lead_org) AS operator
      FROM hub.record r WHERE r.thing_key IS NOT NULL GROUP BY 1) x
    WHERE t.thing_key = x.thing_key AND (t.place_key, t.operator) IS DISTINCT FROM (x.place_key, x.operator)`);
  return (rowCount ?? 0) + (await writeFacts(tx));
}

async function writeFacts(tx: Transaction): Promise<number> {
  const { rows } = await tx.execute(sql`
    SELECT t.thing_key, t.kind, jsonb_agg(jsonb_build_object('text', coalesce(r.text_for_matching, ''), 'channel', r.facts ->> 'channel') ORDER BY r.rid) AS reports
    FROM hub.thing t JOIN hub.record r ON r.thing_key = t.thing_key GROUP BY 1, 2 ORDER BY 1`);
  const facts = (rows as unknown as { thing_key: string; kind: string; reports: { text: string; channel: string | null }[] }[]).map((row) => ({ thing_key: row.thing_key, facts: factsOf(row.kind, row.reports) }));
  const { rowCount } = await tx.execute(sql`
    UPDATE hub.thing t SET facts = x.facts FROM jsonb_to_recordset(${JSON.stringify(facts)}::jsonb) AS x(thing_key text, facts jsonb) WHERE t.thing_key = x.thing_key AND t.facts <> x.facts`);
  return rowCount ?? 0;
}
