import type { Keys } from '../base/keys.ts';
import type { Findings, MentionRules, Row, Rule, Stream } from './contract.ts';
import { assigned, divisionIn, indexed, isMinor, mentionsIn, noFindings, occurredIn, registered, thingOf } from './map.ts';

/** A part of what a version becomes, and the fields of its row that it follows from. */
interface Part {
  fields: ReadonlySet<string>;
  of(row: Row, found: Findings, keys: Keys, restricted: boolean): unknown;
}

/**
 * Whether two contents of a stream become the same columns (`mapRecord`, but for what is no column: times of the source,
 * repairs, milestones). Only the parts that read a field in which they differ are mapped, and none after the first that
 * differs: versions of one ticket differ in a few fields of forty.
 */
export function alike(stream: Stream, a: Row, b: Row, keys: Keys, restricted: boolean): boolean {
  const differing = differingFields(a, b);
  for (const { fields, of } of partsOf(stream)) {
    if (!differing.some((field) => fields.has(field))) continue;
    const [left, right] = [a, b].map((row) => JSON.stringify({ part: of(row, noFindings(stream), keys, restricted) }));
    if (left !== right) return false;
  }
  return true;
}

function differingFields(a: Row, b: Row): string[] {
  const differing = Object.keys(a).filter((field) => !Object.hasOwn(b, field) || !isSame(a[field], b[field]));
  for (const field of Object.keys(b)) if (!Object.hasOwn(a, field)) differing.push(field);
  return differing;
}

function isSame(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === 'object' && typeof b === 'object' && JSON.stringify(a) === JSON.stringify(b));
}

function partsOf(stream: Stream): readonly Part[] {
  const known = parts.get(stream);
  if (known) return known;
  const made = [...simpleParts(stream), ...joinedParts(stream)];
  parts.set(stream, made);
  return made;
}

const parts = new WeakMap<Stream, readonly Part[]>();

/** What one rule makes alone. */
function simpleParts({ record, detail }: Stream): Part[] {
  const { occurredAt, status, category, gridCode, subjectKind, placeText, textForMatching, parentKey, respondentOrg, confidential, familyViolence, facts } = record ?? {};
  const values = [status, occurredAt, gridCode, subjectKind, placeText, textForMatching, parentKey, ...Object.values(facts ?? {})];
  return [
    ...[...values, ...Object.values(detail?.columns ?? {})].flatMap((rule) => (rule ? [part([rule], (row, found) => rule.apply(row, found))] : [])),
    ...[category, respondentOrg].flatMap((rule) => (rule ? [part([rule], (row, found) => indexed(rule, row, found))] : [])),
    ...[confidential, familyViolence].flatMap((rule) => (rule ? [part([rule], (row, found) => rule.apply(row, found) ?? false)] : [])),
  ];
}

/**
 * What follows from several rules together. The day of the event is a part of its own, and so is the division: where one of
 * them differs nobody asks for what follows from it.
 */
function joinedParts(stream: Stream): Part[] {
  const { record, mentions, assignment, organization, thing } = stream;
  const division = (row: Row, found: Findings) => {
    occurredIn(stream, row, found);
    return divisionIn(stream, row, found);
  };
  const found: Part[] = [
    part([record?.division], (row, findings) => {
      const placed = division(row, findings);
      return placed && [placed.code, placed.now];
    }),
    part([record?.minor, ...mentions.flatMap(rulesOf)], (row, findings, keys, restricted) => {
      const occurredAt = occurredIn(stream, row, findings);
      const mentioned = mentionsIn(stream, row, findings, keys);
      return [mentioned, restricted || isMinor(stream, row, findings, mentioned, occurredAt)];
    }, mentions.flatMap(({ list }) => list ?? [])),
    part([], (row, findings) => assigned(stream, row, division(row, findings)?.code ?? null), assignment.map(({ reads }) => reads)),
  ];
  if (organization) found.push(part(Object.values(organization), (row, findings) => registered(organization, row, findings)));
  if (thing) found.push(part(Object.values(thing) as Rule[], (row, findings) => thingOf(stream, row, findings)));
  return found;
}

/** Of a list the rules read its elements: the list is named beside them. */
function rulesOf({ list, role, kind, fields }: MentionRules): (Rule | undefined)[] {
  return list === undefined ? [typeof role === 'string' ? undefined : role, kind, ...Object.values(fields)] : [];
}

function part(rules: readonly (Rule | undefined)[], of: Part['of'], more: readonly string[] = []): Part {
  const paths = [...rules.flatMap((rule) => rule?.reads ?? []), ...more];
  return { fields: new Set(paths.map((path) => path.split('.')[0]!)), of };
}
