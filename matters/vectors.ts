/** Texts as unit TF-IDF vectors over character bigrams: no dictionary to go stale, and dirt in one place costs little. */
export interface Vectors {
  /** The cosine of two records, 0 to 1; 0 where one has no text. */
  cosine(a: number, b: number): number;
  /** The grams of one record with at most `recordsMax` records each, rarest first. */
  rareGrams(index: number, recordsMax: number): readonly string[];
}

const gramsPerTextMax = 400;

export function gramVectors(texts: readonly string[]): Vectors {
  const counted = texts.map(gramCounts);
  const documents = new Map<string, number>();
  for (const grams of counted) for (const gram of grams.keys()) documents.set(gram, (documents.get(gram) ?? 0) + 1);
  const unit = counted.map((grams) => unitVector(grams, documents, texts.length));
  return {
    cosine: (a, b) => dot(unit[a]!, unit[b]!),
    rareGrams: (index, recordsMax) =>
      [...unit[index]!.keys()].filter((gram) => documents.get(gram)! <= recordsMax).sort((a, b) => documents.get(a)! - documents.get(b)! || (a < b ? -1 : 1)),
  };
}

function gramCounts(text: string): Map<string, number> {
  const letters = [...text.normalize('NFKC').replace(/[^\p{L}\p{N}]+/gu, '')].slice(0, gramsPerTextMax);
  const grams = new Map<string, number>();
  for (let i = 0; i + 1 < letters.length; i += 1) {
    const gram = letters[i]! + letters[i + 1]!;
    grams.set(gram, (grams.get(gram) ?? 0) + 1);
  }
  return grams;
}

function unitVector(grams: Map<string, number>, documents: Map<string, number>, count: number): Map<string, number> {
  const vector = new Map<string, number>();
  let squares = 0;
  for (const [gram, times] of grams) {
    const value = (1 + Math.log(times)) * Math.log(1 + count / documents.get(gram)!);
    vector.set(gram, value);
    squares += value * value;
  }
  const length = Math.sqrt(squares);
  for (const [gram, value] of vector) vector.set(gram, value / length);
  return vector;
}

function dot(a: Map<string, number>, b: Map<string, number>): number {
  const [small, large] = a.size <= b.size ? [a, b] : [b, a];
  let sum = 0;
  for (const [gram, value] of small) sum += value * (large.get(gram) ?? 0);
  return sum;
}
