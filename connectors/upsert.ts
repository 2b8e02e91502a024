import { allDone } from '../base/db.ts';

/**
 * Does `write` for the rows that are new and for those that may replace one, where there are any: for a new row, looking for
 * what it would replace costs half as much again as writing it. `isNew`: nothing was ever known of its key, so that no table
 * has a row of it.
 */
export async function newAndKnown<T extends { isNew: boolean }>(rows: readonly T[], write: (rows: readonly T[], isNew: boolean) => Promise<void>): Promise<void> {
  await allDone([true, false].map((isNew) => {
    const part = rows.filter((row) => row.isNew === isNew);
    return part.length > 0 ? write(part, isNew) : undefined;
  }));
}

/** What `ON CONFLICT … DO UPDATE` sets: all columns but those that say which row it is. */
export function whatReplaces(names: readonly string[], identity: ReadonlySet<string>): string {
  return names.filter((column) => !identity.has(column)).map((column) => `${column} = excluded.${column}`).join(', ');
}
