import type { Findings } from './findings.ts';

/** A place in the log whose bytes do not have the hash that was written there; `found` is null where no entry is. */
export interface Mismatch {
  index: number;
  found: string | null;
  written: string;
}

/**
 * Names what was done to the entries, from the hashes found and the hashes written. Content found at another place than
 * it was written to was moved; content written nowhere was edited in; content found nowhere was deleted. `size` is the
 * number of entries the log should have.
 */
export function nameMismatches(mismatches: readonly Mismatch[], size: number, findings: Findings): void {
  const foundAt = new Map(mismatches.flatMap(({ index, found }) => (found ? [[found, index] as const] : [])));
  const written = new Set(mismatches.map((mismatch) => mismatch.written));
  const moved: Move[] = [];
  const edited: number[] = [];
  const gone: number[] = [];
  for (const mismatch of mismatches) {
    const now = foundAt.get(mismatch.written);
    if (now !== undefined) moved.push({ from: mismatch.index, to: now });
    else if (mismatch.found !== null && !written.has(mismatch.found)) edited.push(mismatch.index);
    else gone.push(mismatch.index);
  }
  nameEdited(edited, findings);
  nameGone(gone, size, moved.length > 0, findings);
  nameMoved(moved, findings);
}

interface Move {
  from: number;
  to: number;
}

function nameEdited(edited: readonly number[], findings: Findings): void {
  for (const index of edited) findings.add('ENTRY_EDITED', index);
}

/** What is missing from some place to the very end is a cut; where later entries moved up, it is a deletion. */
function nameGone(gone: readonly number[], size: number, othersMoved: boolean, findings: Findings): void {
  let tail = size;
  for (const index of gone.toReversed()) if (index === tail - 1) tail = index;
  for (const index of gone) if (othersMoved || index < tail) findings.add('ENTRY_DELETED', index);
  if (!othersMoved && tail < size) findings.add('TAIL_TRUNCATED', tail, size - 1);
}

/** All moved by the same distance: renumbered after a deletion or an insertion. Otherwise they changed places. */
function nameMoved(moved: readonly Move[], findings: Findings): void {
  const distances = new Set(moved.map((move) => move.to - move.from));
  const indexes = moved.map((move) => move.from);
  if (moved.length > 0 && distances.size === 1) findings.add('ENTRIES_RENUMBERED', Math.min(...indexes), Math.max(...indexes));
  else for (const index of indexes) findings.add('ENTRIES_REORDERED', index);
}
