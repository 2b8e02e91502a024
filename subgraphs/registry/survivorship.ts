import type { Mention } from './persons.ts';

type Dated = Pick<Mention, 'mentionId' | 'role' | 'sourceUpdatedAt'>;

/** Which of two mentions is asked first for a value: the better source, then the newer one, then the key. */
export function bySurvivorship(a: Dated, b: Dated): number {
  return rank(a) - rank(b) || time(b) - time(a) || (a.mentionId < b.mentionId ? -1 : 1);
}

/** From where a person was identified by papers to where they said who they are. */
const rolesByReliability = ['RESIDENT', 'APPLICANT', 'PLAINTIFF', 'PETITIONER', 'REPORTER', 'REQUESTER', 'DEFENDANT', 'AGENT'];

function rank({ role }: Dated): number {
  const position = rolesByReliability.indexOf(role);
  return position < 0 ? rolesByReliability.length : position;
}

function time({ sourceUpdatedAt }: Dated): number {
  return sourceUpdatedAt?.getTime() ?? 0;
}
