/**
 * Average link by nearest-neighbour chains (Murtagh 1983): the same clusters as joining the best pair again and again, in
 * the square of the number of rows. `similarity` is symmetric and is overwritten; rows start as clusters of `sizes` records.
 * Joins while the average is above zero; -Infinity never joins. Gives the rows of each cluster.
 */
export function nearestNeighbourChain(similarity: Float64Array[], sizes: number[]): number[][] {
  const members: (number[] | null)[] = similarity.map((_, row) => [row]);
  const open = new Set(similarity.keys());
  const chain: number[] = [];
  while (open.size > 0) {
    if (chain.length === 0) chain.push(open.values().next().value!);
    const top = chain.at(-1)!;
    const nearest = nearestOf(similarity[top]!, top, open, chain.at(-2));
    if (nearest === null) {
      // Nothing is near enough, and what others join to can only be as near on average as its parts: it stays as it is.
      open.delete(top);
      chain.pop();
    } else if (nearest !== chain.at(-2)) chain.push(nearest);
    else {
      chain.length -= 2;
      merge(similarity, sizes, open, Math.min(top, nearest), Math.max(top, nearest));
      members[Math.min(top, nearest)]!.push(...members[Math.max(top, nearest)]!);
      members[Math.max(top, nearest)] = null;
    }
  }
  return members.filter((cluster) => cluster !== null);
}

/** Of equals the one before on the chain, which ends it, then the first row. */
function nearestOf(row: Float64Array, own: number, open: ReadonlySet<number>, before: number | undefined): number | null {
  let best: number | null = null;
  for (const other of open) {
    if (other === own || !(row[other]! > 0)) continue;
    if (best === null || row[other]! > row[best]! || (row[other]! === row[best]! && (other === before || (best !== before && other < best)))) best = other;
  }
  return best;
}

function merge(similarity: Float64Array[], sizes: number[], open: Set<number>, into: number, from: number): void {
  open.delete(from);
  const [a, b] = [sizes[into]!, sizes[from]!];
  for (const other of open) {
    if (other === into) continue;
    const average = (similarity[into]![other]! * a + similarity[from]![other]! * b) / (a + b);
    similarity[into]![other] = similarity[other]![into] = average;
  }
  sizes[into] = a + b;
}
