import { z } from 'zod';

/** Where two rows stand to each other in some columns. A column that is missing on either side makes it false. */
export type Predicate =
  | { kind: 'missing'; columns: string[] }
  | { kind: 'same'; column: string; with?: string | undefined }
  | { kind: 'differs'; column: string }
  | { kind: 'similar'; column: string; with?: string | undefined; measure: Measure; limit: number }
  | { kind: 'all'; of: Predicate[] }
  | { kind: 'any'; of: Predicate[] }
  | { kind: 'not'; of: Predicate }
  | { kind: 'else' };

export type Measure = z.infer<typeof measureSchema>;

const measureSchema = z.enum(['jaro_winkler', 'edits', 'omission', 'shared_words', 'days', 'number', 'prefix']).describe(
  'jaro_winkler, shared_words (share of the shorter one’s words): at least `limit`; edits (Damerau–Levenshtein), days, number (difference): at most `limit`; omission: one is the other with at most `limit` characters left out; prefix: the first `limit` characters are equal',
);

const predicateSchema: z.ZodType<Predicate> = z.lazy(() =>
  z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('missing'), columns: z.array(z.string()).min(1) }),
    z.strictObject({ kind: z.literal('same'), column: z.string(), with: z.string().optional() }),
    z.strictObject({ kind: z.literal('differs'), column: z.string() }),
    z.strictObject({ kind: z.literal('similar'), column: z.string(), with: z.string().optional(), measure: measureSchema, limit: z.number() }),
    z.strictObject({ kind: z.literal('all'), of: z.array(predicateSchema).min(1) }),
    z.strictObject({ kind: z.literal('any'), of: z.array(predicateSchema).min(1) }),
    z.strictObject({ kind: z.literal('not'), of: predicateSchema }),
    z.strictObject({ kind: z.literal('else') }),
  ]),
).meta({ id: 'Predicate' });

const levelSchema = z.strictObject({
  label: z.string().min(1),
  when: predicateSchema,
  /** Share of true pairs and of false pairs that stand at this level: where training starts from. */
  m: z.number().gt(0).lt(1).optional(),
  u: z.number().gt(0).lt(1).optional(),
  /** Kept as given by training. */
  fixed: z.boolean().optional(),
  /** Agreement on a rare value of this column counts for more. */
  termFrequency: z.string().optional(),
  /** Rarity counts distinct values of this column instead of rows: one person's many records do not make a phone common. */
  frequencyBy: z.string().optional(),
  /** With `frequencyBy` the model's `distinct`: a value with one known bearer is that person's, unless somebody unknown shares it. */
  bearers: z.boolean().optional(),
  /** No evidence either way: a value is missing. */
  neutral: z.boolean().optional(),
  /** The two rows are never one entity, whatever else agrees. */
  veto: z.boolean().optional(),
});

const comparisonSchema = z.strictObject({
  name: z.string().min(1),
  /** The first level whose predicate holds is the pair's; the last one is `else`. */
  levels: z.array(levelSchema).min(2).max(levelsMax()),
});

const fieldSchema = z.strictObject({
  /** Names this column may have in the input; the first that is there is read. */
  columns: z.array(z.string().min(1)).min(1),
  kind: z.enum(['text', 'date', 'digits', 'name_cn', 'id_cn', 'phone_cn', 'address_cn', 'birth_date_cn', 'sex']),
  optional: z.boolean().optional(),
});

const derivedSchema = z.strictObject({
  name: z.string().min(1),
  from: z.array(z.string()).min(1),
  transform: z.enum(['prefix', 'suffix', 'first_word', 'last_word', 'sorted_letters', 'sorted_words', 'metaphone', 'words', 'concat', 'one_deletion', 'coalesce']),
  length: z.int().min(1).max(64).optional(),
});

const blockingRuleSchema = z.strictObject({
  name: z.string().min(1),
  /** Two rows are compared when they agree on all of these columns. */
  columns: z.array(z.string()).min(1),
  /** A key shared by more rows than this is generic and is left out. */
  rowsMax: z.int().min(2).max(5000).optional(),
  /** Nor is a key used that rows with more than so many values of the model's `distinct` share: a name with several known bearers. */
  bearersMax: z.int().min(1).max(100).optional(),
});

/** A linkage model: what a row says, how two rows are compared, and which are compared at all. */
export const modelSchema = z.strictObject({
  name: z.string().min(1),
  version: z.string().min(1),
  description: z.string().optional(),
  idColumn: z.string().min(1),
  /** `across`: with several inputs only pairs from two of them; within one input where there is only one. */
  pairs: z.enum(['all', 'across']).optional(),
  fields: z.record(z.string(), fieldSchema),
  derived: z.array(derivedSchema).optional(),
  blocking: z.array(blockingRuleSchema).min(1),
  comparisons: z.array(comparisonSchema).min(1).max(16),
  /** The share of true pairs among candidate pairs that training starts from. */
  matchRate: z.number().gt(0).lt(1).optional(),
  /** Posterior probability that two rows are one entity, from which an edge may join them. */
  threshold: z.number().gt(0).lt(1),
  /** From here to `threshold` a pair goes to people. */
  reviewFrom: z.number().gt(0).lt(1).optional(),
  /** Mean evidence (match weight without the prior, log2) across two clusters below which they are not merged. */
  averageEvidenceMin: z.number().optional(),
  /** At most one row of each input in a cluster: for inputs without duplicates of their own. */
  oneOfEach: z.boolean().optional(),
  /** Values of this column that are present on both sides and differ are never in one cluster. */
  distinct: z.string().optional(),
  training: z
    .strictObject({
      /** How many pairs the given m and u are worth against what is observed. */
      priorPairs: z.number().min(0).optional(),
      roundsMax: z.int().min(0).max(200).optional(),
    })
    .optional(),
  /** Parameters learnt by an earlier run, per comparison and level: such a model is not trained again. */
  trained: z
    .strictObject({ m: z.array(z.array(z.number().gt(0).max(1))), u: z.array(z.array(z.number().gt(0).max(1))), matchRate: z.number().gt(0).lt(1) })
    .optional(),
});

export type Model = z.infer<typeof modelSchema>;
export type Comparison = z.infer<typeof comparisonSchema>;
export type Level = z.infer<typeof levelSchema>;
export type FieldKind = z.infer<typeof fieldSchema>['kind'];
export type Derived = z.infer<typeof derivedSchema>;

/** The JSON Schema that `yiwang link --print-schema` prints. */
export function modelJsonSchema(): unknown {
  return z.toJSONSchema(modelSchema, { io: 'input' });
}

/** Packed level vectors must fit 31 bits: see `compare.ts`. */
function levelsMax(): number {
  return 16;
}
