import { and, asc, eq, inArray } from 'drizzle-orm';
import { correction } from '../../schema/hub.ts';
import { allByKey, type Batch } from '../loader.ts';

/** Coordinates of the fields of each mention that a correction disputes and no source has answered; absent: none. */
export const disputesByMention: Batch<string, string[]> = async (context, mentionIds) => {
  const tx = await context.tx();
  const rows = await tx
    .selectDistinct({ mentionId: correction.mentionId, coordinate: correction.coordinate })
    .from(correction)
    .where(and(eq(correction.state, 'SENT'), inArray(correction.mentionId, [...mentionIds])))
    .orderBy(asc(correction.coordinate));
  return new Map([...allByKey(rows, (row) => row.mentionId ?? '')].map(([mentionId, found]) => [mentionId, found.map((row) => row.coordinate)]));
};
