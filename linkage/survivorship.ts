/** A value that a record gives for one field of an entity. */
export interface Candidate<Value> {
  value: Value | null;
  /** The record it came from. */
  mention: string;
  source: string;
  /** When the record was last updated, RFC 3339 UTC. */
  recordedAt: string;
  /** Whether it passed its check (an ID number's check digit, a phone's form). */
  valid: boolean;
}

export interface Survivor<Value> {
  value: Value;
  mention: string;
}

/** Which source to believe first, per field; a source that is not named comes after those that are. */
export type SourceRanks = Readonly<Record<string, readonly string[]>>;

/** Household registration knows identity best, a caller knows the own phone best. */
export const sourceRanks: SourceRanks = {
  name: ['police/rk_hj', 'civil/jzsq', 'court/prelitigation-cases'],
  idNumber: ['police/rk_hj', 'civil/jzsq', 'court/prelitigation-cases'],
  birthDate: ['police/rk_hj', 'civil/jzsq', 'court/prelitigation-cases'],
  sex: ['police/rk_hj'],
  phone: ['hotline/tickets', 'civil/jzsq', 'police/jcj_jjd'],
  address: ['civil/jzsq', 'hotline/tickets', 'court/prelitigation-cases', 'petition/petitions', 'police/rk_hj'],
};

/**
 * The value of a field that stands for an entity: valid before invalid, then by rank of the source, then the latest, then by
 * the mention's name so that the choice never wavers. It keeps the record it came from; `null` when no record gives one.
 */
export function survivor<Value>(field: string, candidates: readonly Candidate<Value>[], ranks: SourceRanks = sourceRanks): Survivor<Value> | null {
  const order = ranks[field] ?? [];
  const rank = (source: string) => (order.includes(source) ? order.indexOf(source) : order.length);
  const given = candidates.filter((candidate): candidate is Candidate<Value> & { value: Value } => candidate.value !== null);
  given.sort(
    (a, b) =>
      Number(b.valid) - Number(a.valid) || rank(a.source) - rank(b.source) || compareText(b.recordedAt, a.recordedAt) || compareText(a.mention, b.mention),
  );
  const [best] = given;
  return best === undefined ? null : { value: best.value, mention: best.mention };
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
