import { sql } from 'drizzle-orm';
import { derivedKey } from '../base/canonical.ts';
import { inTransaction, type Pool, type Transaction } from '../base/db.ts';
import { perturbed } from '../matters/noise.ts';
import { floors, situationsOf, type ReportedRecord, type Situation } from '../matters/situations.ts';

const windowDays = 98;
/** Family, medical: topics that are sensitive by themselves (matters.md). */
const sensitiveCategories = ['01', '12'];

/**
 * Makes the hotspots anew from the records of the last quarter of business time. What is written is what is told: counts
 * with their floors and noise, no requester, no rid. Returns how many there are.
 */
export async function refreshSituations(pool: Pool, master: Uint8Array): Promise<number> {
  const secret = derivedKey(master, 'statistics-cell');
  return inTransaction(pool, async (tx) => {
    const { rows } = await tx.execute(sql`SELECT (extract(epoch FROM hub.business_now()) * 1000)::float8 AS now`);
    const made = situationsOf(await reports(tx), rows[0]!['now'] as number).map((one) => asRow(one, secret));
    await tx.execute(sql`DELETE FROM hub.situation s WHERE NOT s.situation_key = ANY (${sql.param(made.map((row) => row.situation_key))}::text[])`);
    await tx.execute(sql`
      INSERT INTO hub.situation AS s SELECT x.* FROM jsonb_populate_recordset(NULL::hub.situation, ${JSON.stringify(made)}::jsonb) x
      ON CONFLICT (situation_key) DO UPDATE SET name = excluded.name, identifier = excluded.identifier, facility_kind = excluded.facility_kind, category = excluded.category, division = excluded.division,
        from_at = excluded.from_at, to_at = excluded.to_at, sensitive = excluded.sensitive, records = excluded.records, requesters = excluded.requesters, channels = excluded.channels,
        keywords = excluded.keywords, trend = excluded.trend, matter_keys = excluded.matter_keys, facts = excluded.facts
      WHERE s IS DISTINCT FROM excluded`);
    return made.length;
  });
}

/** A report that was withdrawn later was made all the same. */
async function reports(tx: Transaction): Promise<ReportedRecord[]> {
  const { rows } = await tx.execute(sql`
    SELECT r.rid, (extract(epoch FROM r.occurred_at) * 1000)::float8 AS "atMs", r.category, r.division_now AS division, r.facts ->> 'channel' AS channel, q.entity AS requester,
      CASE WHEN t.thing_key IS NULL THEN NULL ELSE jsonb_build_object('key', t.thing_key, 'kind', t.kind, 'name', t.name, 'identifier', t.identifier) END AS thing,
      CASE WHEN p.place_key IS NULL OR p.kind = 'STREET_NUMBER' THEN NULL
        ELSE jsonb_build_object('key', left(p.division, 6) || ' ' || regexp_replace(p.standard_address, '[0-9A-Za-z]+栋$', ''), 'name', regexp_replace(p.standard_address, '[0-9A-Za-z]+栋$', '')) END AS estate,
      CASE WHEN r.department = 'hotline' THEN split_part(coalesce(r.text_for_matching, ''), E'\n', 1) ELSE '' END AS title, coalesce(r.text_for_matching, '') AS text,
      coalesce(q.private, '{}') || coalesce(r.place_text, '') || coalesce(p.standard_address, '') AS private, r.facts ->> 'topicPath' AS topic, m.matter_key AS "matterKey",
      (r.minor OR r.family_violence OR coalesce(r.category = ANY (${sql.param(sensitiveCategories)}::text[]), false)) AS sensitive
    FROM hub.record r
    LEFT JOIN hub.thing t ON t.thing_key = r.thing_key
    LEFT JOIN hub.place p ON p.place_key = r.place_key
    LEFT JOIN hub.matter_member m ON m.rid = r.rid
    LEFT JOIN LATERAL (
      SELECT min(coalesce(n.entity_key, n.mention_id)) AS entity, array_agg(v.text) AS private
      FROM hub.mention n CROSS JOIN LATERAL unnest(n.phones || n.name || n.address) AS v(text) WHERE n.rid = r.rid AND v.text IS NOT NULL) q ON true
    WHERE r.type_name IS NOT NULL AND r.matter_rule = 'CLUSTER' AND r.division_now IS NOT NULL
      AND r.occurred_at > hub.business_now() - make_interval(days => ${windowDays}) AND r.occurred_at <= hub.business_now()`);
  return rows as unknown as ReportedRecord[];
}

function asRow(one: Situation, secret: Uint8Array) {
  const floor = one.sensitive ? floors.sensitive : floors.ordinary;
  return {
    situation_key: one.key,
    kind: one.kind,
    name: one.name,
    identifier: one.identifier,
    facility_kind: one.facilityKind,
    category: one.category,
    division: one.division,
    from_at: new Date(one.fromMs).toISOString(),
    to_at: new Date(one.toMs).toISOString(),
    sensitive: one.sensitive,
    // Reports of a public facility are counted, not people.
    records: one.kind === 'PUBLIC_FACILITY' ? String(one.rids.length) : perturbed(one.rids, secret, floor).text,
    requesters: requesterFloor(one.requesters),
    channels: one.channels,
    keywords: one.keywords,
    trend: one.trend,
    matter_keys: one.matterKeys,
    facts: one.facts,
  };
}

const requesterFloors = [20, 10, 3];

function requesterFloor(people: number): string {
  const floor = requesterFloors.find((one) => people >= one);
  return floor === undefined ? `<${requesterFloors.at(-1)!}` : `≥${floor}`;
}
