import { asc, inArray, sql } from 'drizzle-orm';
import { division } from '../../schema/hub.ts';
import type { SubgraphContext } from '../context.ts';
import type { Batch } from '../loader.ts';
import { allByKey, byKey } from '../loader.ts';

export type DivisionRow = typeof division.$inferSelect;

export const divisionsByCode: Batch<string, DivisionRow> = async (context, codes) => {
  const tx = await context.tx();
  return byKey(await tx.select().from(division).where(inArray(division.code, [...codes])), (row) => row.code);
};

/** By the code of the division that took them over. */
export const predecessorsByCode: Batch<string, DivisionRow[]> = async (context, codes) => {
  const tx = await context.tx();
  const rows = await tx.select().from(division).where(inArray(division.successor, [...codes])).orderBy(asc(division.code));
  return allByKey(rows, (row) => row.successor!);
};

/** Today in Shanghai by the hub's business clock, `YYYY-MM-DD`. */
export async function businessDay(context: SubgraphContext): Promise<string> {
  const tx = await context.tx();
  const { rows } = await tx.execute<{ day: string }>(sql`SELECT to_char(hub.business_now() AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD') AS day`);
  return rows[0]!.day;
}

/** 2 to 12 digits as the twelve of the table; null for anything else. */
export function fullCode(code: string): string | null {
  return /^\d{2,12}$/.test(code) ? code.padEnd(12, '0') : null;
}

/** Whether a division is valid on a day (`YYYY-MM-DD`); `validTo` is the first day on which it is not. */
export function isValidOn({ validFrom, validTo }: DivisionRow, day: string): boolean {
  return (validFrom === null || validFrom <= day) && (validTo === null || day < validTo);
}
