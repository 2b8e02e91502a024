/** What decides: the role in which a record names the person, and when its source last changed it. */
export interface Mention {
  mentionId: string;
  role: string;
  sourceUpdatedAt: Date | null;
}

/** Which of two mentions is asked first for a value: the better source, then the newer one, then the key. */
export function bySurvivorship(a: Mention, b: Mention): number {
  return rank(a) - rank(b) || time(b) - time(a) || (a.mentionId < b.mentionId ? -1 : 1);
}

/** From where a person was identified by papers to where they said who they are. */
const rolesByReliability = ['RESIDENT', 'APPLICANT', 'PLAINTIFF', 'PETITIONER', 'REPORTER', 'REQUESTER', 'DEFENDANT', 'AGENT'];

function rank({ role }: Mention): number {
  const position = rolesByReliability.indexOf(role);
  return position < 0 ? rolesByReliability.length : position;
}

function time({ sourceUpdatedAt }: Mention): number {
  return sourceUpdatedAt?.getTime() ?? 0;
}
