import { decisions, detailColumns, mentionColumns, recordColumns, type Shown } from './fields.ts';
import { effectOn, isPastRetention, reaches, relationTo, type Effect, type Relation } from './oracle.ts';
import { shown } from './shown.ts';
import type { Row, Rows, TableName } from './tables.ts';
import type { Viewer } from './viewers.ts';

/**
 * All that a viewer may learn of the rows, as text: two worlds with one text are twins for that viewer, whatever else
 * differs. It says rather too much than too little: what stands in it is kept equal, and so is not tested as a secret.
 */
export function view(viewer: Viewer, rows: Rows): string {
  const met = recordsMet(viewer, rows);
  const open = met.filter((one) => one.work);
  const matters = new Set(open.flatMap(({ rid }) => rows['hub.matter_member'].get(rid)?.['matter_key'] ?? []));
  return JSON.stringify([
    open.map((one) => ofRecord(viewer, rows, one, met)),
    [...matters].sort().map((key) => rows['hub.matter'].get(String(key))?.['matter_no']),
    viewer.matterKey !== null && met.some(({ rid }) => rows['hub.matter_member'].get(rid)?.['matter_key'] === viewer.matterKey),
    places(viewer, rows, open),
    counted(viewer, rows, met),
    pairs(viewer, rows, met),
    decided(viewer, rows, met),
    asked(viewer, rows, met),
    tableText(rows, ['hub.setting', 'hub.stream', 'hub.division', 'hub.organization', 'hub.statistic_cell']),
    [...rows['hub.situation'].values()].map((row) => ({ ...row, matter_keys: (row['matter_keys'] as string[]).filter((key) => matters.has(key)) })),
  ]);
}

export interface Met {
  rid: string;
  record: Row;
  relation: Relation;
  /** The viewer sees the record's WORK fields, and so that it is there. */
  work: boolean;
}

/** Records that the third wall lets through, in the order of their keys. */
export function recordsMet(viewer: Viewer, rows: Rows): Met[] {
  return [...rows['hub.record'].values()]
    .map((record): Met => {
      const relation = relationTo(viewer, rows, record);
      return { rid: String(record['rid']), record, relation, work: effectOn(viewer, record, relation, 'WORK', 'OTHER') === 'FULL' };
    })
    .filter(({ relation }) => reaches(viewer, relation))
    .sort((a, b) => (a.rid < b.rid ? -1 : 1));
}

function ofRecord(viewer: Viewer, rows: Rows, { rid, record, relation }: Met, met: readonly Met[]) {
  const effects = (role: string | null, self: boolean) => decisions.map(([as, value]) => [effectOn(viewer, record, relation, as, value, role, self), effectOn(viewer, unprotected(record), relation, as, value, role, self)].join());
  const columns = (row: Row, of: Readonly<Record<string, Shown>>, role: string | null = null, self = relation.filed) => Object.entries(of).map(([column, [as, value]]) => shown(effectOn(viewer, record, relation, as, value, role, self), value, row[column]));
  const details = Object.entries(detailColumns).flatMap(([table, of]) => {
    const row = rows[table as TableName].get(rid);
    return row ? [...columns(row, of), parentOf(row, met)] : [];
  });
  const mentions = ofRid(rows, 'hub.mention', rid).map((row) => {
    const role = String(row['role']);
    const self = viewer.idHmac !== null && row['id_hmac'] === viewer.idHmac;
    const values = columns(row, mentionColumns, role, self);
    const isMet = (['PERSONAL', 'SENSITIVE'] as const).some((as) => effectOn(viewer, record, relation, as, 'LINK', role, self) !== 'WITHHELD') || values.some((value) => value !== null);
    return [row['mention_id'], row['role'], row['ordinal'], row['kind'], self, values, effects(role, self), isMet && [row['entity_key'], row['source_updated_at']]];
  });
  return [rid, relation, columns(record, recordColumns), details, effects(null, relation.filed), mentions, memberOf(viewer, rows, rid, met), ofRid(rows, 'hub.assignment', rid), ofRid(rows, 'hub.clock', rid), ofRid(rows, 'hub.correction', rid)];
}

function unprotected(record: Row): Row {
  return { ...record, confidential: false, minor: false, family_violence: false, ...(isPastRetention(record) ? { source_updated_at: '2026' } : {}) };
}

function parentOf(row: Row, met: readonly Met[]): string | null {
  return met.find((one) => one.work && one.record['department'] === 'hotline' && one.record['record_key'] === row['parent_ticket_no'])?.rid ?? null;
}

/** Evidence tells of the other record: what rests on one that is not met, or on people who are not met, is not told. */
function memberOf(viewer: Viewer, rows: Rows, rid: string, met: readonly Met[]) {
  const member = rows['hub.matter_member'].get(rid);
  if (!member) return null;
  const evidence = (member['evidence'] as { otherRid: string; reasons: { kind: string }[] }[]).flatMap((one) => {
    const other = met.find((each) => each.rid === one.otherRid && each.work);
    const person: Effect = other ? effectOn(viewer, other.record, other.relation, 'PERSONAL', 'LINK') : 'WITHHELD';
    return other ? one.reasons.filter(({ kind }) => !kind.startsWith('SHARED') || person === 'FULL') : [];
  });
  return [member['matter_key'], member['basis'], member['joined_at'], evidence];
}

/** Places and things show through the records that lie there, by the best of their rights. */
function places(viewer: Viewer, rows: Rows, open: readonly Met[]) {
  const through = (column: 'place_key' | 'thing_key', key: string) => open.filter((one) => one.record[column] === key);
  const found = [...rows['hub.place'].values()].map((row) => {
    const near = through('place_key', String(row['place_key']));
    if (near.length === 0) return null;
    const best = (value: 'ADDRESS' | 'COORDINATES', column: string) => near.map((one) => shown(effectOn(viewer, one.record, one.relation, 'IDENTIFYING', value), value, row[column]));
    return [row['kind'], row['division'], row['grid_code'], best('ADDRESS', 'standard_address'), best('COORDINATES', 'lng'), best('COORDINATES', 'lat')];
  });
  return [found, [...rows['hub.thing'].values()].map((row) => (through('thing_key', String(row['thing_key'])).length === 0 ? null : row))];
}

/** Tickets of the territory are counted for whoever may ask for statistics: what is counted is kept (matters.md tells of floors). */
function counted({ kind, purpose }: Viewer, rows: Rows, met: readonly Met[]) {
  if (!['APP', 'ANALYST', 'CLERK'].includes(kind) || !['STATISTICS', 'SUPERVISION'].includes(purpose ?? '')) return null;
  const tickets = met.filter(({ record, relation }) => record['department'] === 'hotline' && relation.near);
  return tickets.map(({ rid, record }) => [record['lead_org'], record['status'], record['category'], record['occurred_at'], record['division_now'], rows['hub.matter_member'].get(rid)?.['matter_key'], record['minor'] || record['family_violence'], ofRid(rows, 'hub.clock', rid)]);
}

/** Levels of linkage for operators and for the clerks of the department that owns one side; the flags of both sides decide. */
function pairs(viewer: Viewer, rows: Rows, met: readonly Met[]) {
  if (viewer.kind !== 'OPERATOR' && viewer.kind !== 'CLERK') return null;
  return [...rows['hub.link_edge'].values()].map((edge) => {
    const sides = [edge['a'], edge['b']].map((id) => rows['hub.mention'].get(String(id)));
    const told = sides.map((side) => {
      const record = side && rows['hub.record'].get(String(side['rid']));
      if (!side || !record) return null;
      return [side['department'], side['role'], side['entity_key'], record['confidential'], record['minor'], record['family_violence'], record['respondent_org'] === viewer.org, record['division_now'], rows['hub.assignment'].has(`${record['rid']}|${viewer.org}`), met.some(({ rid, work }) => work && rid === record['rid'])];
    });
    return [edge, rows['hub.review'].get(`${edge['a']}|${edge['b']}`), told];
  });
}

/** People's decisions on matters: the reason is a text about people. Where one of the records complains about the viewer's organisation, the decision is absent as it is. */
function decided(viewer: Viewer, rows: Rows, met: readonly Met[]) {
  const mayRead = viewer.kind === 'CLERK' && viewer.matterKey !== null;
  const members = new Set(met.filter(({ rid }) => rows['hub.matter_member'].has(rid)).map(({ rid }) => rid));
  const isOwn = (rid: string) => viewer.org !== null && rows['hub.record'].get(rid)?.['respondent_org'] === viewer.org;
  const isThere = ({ rids }: Row) => (rids as string[]).some((rid) => members.has(rid)) && !(rids as string[]).some(isOwn);
  return [...rows['hub.matter_event'].values()].filter(isThere).map((row) => ({ ...row, rids: (row['rids'] as string[]).filter((rid) => members.has(rid)), pairs: null, decided_by: null, reason: mayRead ? row['reason'] : null }));
}

/** Corrections with the record they are about; their texts for the two sides only. */
function asked(viewer: Viewer, rows: Rows, met: readonly Met[]) {
  const mine = [`org:${viewer.org}`, `resident:${viewer.idHmac}`];
  return [...rows['hub.correction'].values()].map((row) => {
    const isAsked = ['CLERK', 'OPERATOR'].includes(viewer.kind) && String(row['department']).toUpperCase() === viewer.department && viewer.prefix !== null && String(row['division_now']).startsWith(viewer.prefix);
    const isMine = mine.includes(String(row['requester'])) || isAsked;
    return isMine && (viewer.kind === 'OPERATOR' || met.some(({ rid }) => rid === row['rid'])) ? [row, rows['hub.correction_text'].get(String(row['id']))] : met.some(({ rid, work }) => work && rid === row['rid']) ? row : null;
  });
}

function ofRid(rows: Rows, table: TableName, rid: string): Row[] {
  return [...rows[table].values()].filter((row) => row['rid'] === rid);
}

function tableText(rows: Rows, names: readonly TableName[]) {
  return names.map((name) => [...rows[name].values()]);
}
