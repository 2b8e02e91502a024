import { ledger, type Ledger } from './ledger.ts';
import type { TextFile } from './output.ts';
import type { WrittenId } from './dirt.ts';

/** One version of a record as its source gives it, and what becomes of it. */
export interface Written {
  row: object;
  outcome?: { tombstone?: boolean; dropped?: string; quarantined?: string };
  /** Values of never-stored fields that this version holds. */
  fields?: Record<string, number>;
}

/** A polled stream: its file and its counts. */
export interface Records {
  ledger: Ledger;
  /** Writes the versions of one key, oldest first, and what the record comes to. */
  emit(versions: readonly Written[], end?: 'live' | 'deleted' | 'neither', ids?: readonly (WrittenId | undefined)[], otherRefused?: readonly string[]): void;
}

export function records(file: TextFile): Records {
  const book = ledger();
  return {
    ledger: book,
    emit(versions, end = 'live', ids = [], otherRefused = []) {
      for (const version of versions) {
        file.json(version.row);
        book.version(version.outcome, version.fields);
      }
      book.record(end, valuesOf(ids, otherRefused));
    },
  };
}

export function valuesOf(ids: readonly (WrittenId | undefined)[], otherRefused: readonly string[] = []): { repaired: string[]; refused: string[] } {
  return { repaired: ids.flatMap((id) => id?.repaired ?? []), refused: [...ids.flatMap((id) => id?.refused ?? []), ...otherRefused] };
}
