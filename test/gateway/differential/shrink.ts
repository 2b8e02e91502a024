/**
 * A shorter and simpler list that still fails: pieces are cut out, then numbers set to 0, in ever smaller pieces, until
 * nothing helps or the time is up.
 */
export async function shrunk(choices: readonly number[], fails: (candidate: readonly number[]) => Promise<boolean>, untilMs: number): Promise<readonly number[]> {
  let best = choices;
  for (let piece = Math.ceil(choices.length / 2); piece >= 1; piece = piece === 1 ? 0 : Math.ceil(piece / 2)) {
    for (let at = 0; at < best.length && performance.now() < untilMs; at += piece) {
      const cut = [...best.slice(0, at), ...best.slice(at + piece)];
      const zeroed = best.map((choice, index) => (index >= at && index < at + piece ? 0 : choice));
      if (await fails(cut)) {
        best = cut;
        at -= piece; // the next piece moved here
      } else if (zeroed.some((choice, index) => choice !== best[index]) && (await fails(zeroed))) best = zeroed;
    }
  }
  return best;
}
