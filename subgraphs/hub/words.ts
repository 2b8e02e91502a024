import { YiwangError } from '../../base/errors.ts';

const charactersMax = 500;

/** Words of a caller: bounded, without control characters; null where there are none. */
export function wordsOf(name: string, text: string | null | undefined): string | null {
  const trimmed = (text ?? '').toWellFormed().replace(/\p{Cc}/gu, ' ').trim();
  if ([...trimmed].length > charactersMax) throw new YiwangError('BAD_REQUEST', { hint: `\`${name}\` has more than ${charactersMax} characters` });
  return trimmed === '' ? null : trimmed;
}
