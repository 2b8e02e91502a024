/** The texts of all records as sparse vectors. */
export interface TokenVectors {
  /** Shared weight of two records, 0 to 1; NaN where one says nothing. */
  cosine(a: number, b: number): number;
}

const charactersMax = 400;

/** Token → weight. JSON: an online run weighs with what the last full run learnt. */
export type TokenWeights = Record<string, number>;

/**
 * Learns what each token says: single characters and pairs of them, weighted by how rare they are and by how much they tell
 * of the kind of problem. `要求书面答复` stands in every kind of record and says nothing, `渗水` in one kind and says much.
 * No list of words is needed. `kinds[i]` is the category of text `i`, null where the source gives none.
 */
export function learnTokens(texts: readonly string[], kinds: readonly (string | null)[]): TokenWeights {
  const vocabulary = new Map<string, number>();
  const found = texts.map((text) => Int32Array.from(tokensOf(text), (token) => idOf(token, vocabulary)));
  const weights = tokenWeights(found, kinds, vocabulary.size);
  const learnt: TokenWeights = {};
  for (const [token, id] of vocabulary) if (weights[id]! > 0) learnt[token] = Math.round(weights[id]! * 1000) / 1000;
  return learnt;
}

/** A text as a sparse vector: token ids ascending, weights of unit length. */
export interface TextVector {
  ids: Int32Array;
  weights: Float32Array;
}

/** The text as a vector; tokens that were not learnt say nothing. */
export function textVector(text: string, learnt: TokenWeights): TextVector {
  const { vocabulary, weight } = compiled(learnt);
  const found: number[] = [];
  for (const token of tokensOf(text)) {
    const id = vocabulary.get(token);
    if (id !== undefined) found.push(id);
  }
  const ids = Int32Array.from(found).sort();
  let squares = 0;
  for (const token of ids) squares += weight[token]! ** 2;
  const length = Math.sqrt(squares) || 1;
  return { ids, weights: Float32Array.from(ids, (token) => weight[token]! / length) };
}

/** The vectors one after the other in two arrays: a full run looks up millions of pairs, and a million small arrays lie anywhere. */
export function tokenVectors(vectors: readonly TextVector[]): TokenVectors {
  const starts = new Int32Array(vectors.length + 1);
  vectors.forEach((one, index) => (starts[index + 1] = starts[index]! + one.ids.length));
  const ids = new Int32Array(starts[vectors.length]!);
  const weights = new Float32Array(ids.length);
  vectors.forEach((one, index) => {
    ids.set(one.ids, starts[index]);
    weights.set(one.weights, starts[index]);
  });
  return {
    cosine: (a, b) => {
      const [aEnd, bEnd] = [starts[a + 1]!, starts[b + 1]!];
      let [i, j] = [starts[a]!, starts[b]!];
      if (i === aEnd || j === bEnd) return Number.NaN;
      let sum = 0;
      while (i < aEnd && j < bEnd) {
        const difference = ids[i]! - ids[j]!;
        if (difference === 0) sum += weights[i]! * weights[j]!;
        if (difference <= 0) i += 1;
        if (difference >= 0) j += 1;
      }
      return sum;
    },
  };
}

interface Compiled {
  vocabulary: Map<string, number>;
  weight: Float32Array;
}

const known = new WeakMap<TokenWeights, Compiled>();

/** An online run asks for the same weights again and again. */
function compiled(learnt: TokenWeights): Compiled {
  const before = known.get(learnt);
  if (before) return before;
  const names = Object.keys(learnt);
  const made = { vocabulary: new Map(names.map((name, id) => [name, id])), weight: Float32Array.from(names, (name) => learnt[name]!) };
  known.set(learnt, made);
  return made;
}

/** Distinct tokens. Runs of digits are one token: a number is either the same or another. */
function tokensOf(text: string): Set<string> {
  const letters = text.normalize('NFKC').slice(0, charactersMax).match(/\d+(?:[.,]\d+)*|\p{L}/gu) ?? [];
  const tokens = new Set<string>(letters);
  for (let at = 0; at + 1 < letters.length; at += 1) tokens.add(letters[at]! + letters[at + 1]!);
  return tokens;
}

function idOf(token: string, vocabulary: Map<string, number>): number {
  const id = vocabulary.get(token);
  if (id !== undefined) return id;
  vocabulary.set(token, vocabulary.size);
  return vocabulary.size - 1;
}

/** Inverse document frequency × how far the kinds it stands in differ from those of all records (in bits). */
function tokenWeights(found: readonly Int32Array[], kinds: readonly (string | null)[], size: number): Float32Array {
  const names = [...new Set(kinds.filter((kind) => kind !== null))].sort();
  const kindId = new Map(names.map((name, index) => [name, index]));
  const share = new Float64Array(names.length);
  const documents = new Float64Array(size);
  const inKind = new Float32Array(size * names.length);
  found.forEach((tokens, index) => {
    const kind = kinds[index] === null ? -1 : kindId.get(kinds[index]!)!;
    if (kind >= 0) share[kind]! += 1;
    for (const token of tokens) {
      documents[token]! += 1;
      if (kind >= 0) inKind[token * names.length + kind]! += 1;
    }
  });
  const kindTotal = share.reduce((sum, one) => sum + one, 0) || 1;
  return Float32Array.from({ length: size }, (_, token) => {
    if (documents[token]! < documentsMin) return 0;
    const telling = divergence(inKind.subarray(token * names.length, (token + 1) * names.length), share, kindTotal);
    return Math.log2(1 + found.length / documents[token]!) * (tellingFloor + telling);
  });
}

/** A token of one record joins nothing. */
const documentsMin = 2;
const tellingFloor = 0.15;
/** Tokens seen seldom are drawn towards the distribution of all records. */
const smoothing = 2;

function divergence(counts: Float32Array, share: Float64Array, total: number): number {
  let own = 0;
  for (const count of counts) own += count;
  let bits = 0;
  for (let kind = 0; kind < counts.length; kind += 1) {
    const usual = share[kind]! / total;
    const here = (counts[kind]! + smoothing * usual) / (own + smoothing);
    if (here > 0) bits += here * Math.log2(here / usual);
  }
  return bits;
}
