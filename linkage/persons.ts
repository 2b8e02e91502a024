import { blockRowsMax } from './block.ts';
import { cluster, type Clusters, type Refusal } from './cluster.ts';
import { run, type Run } from './engine.ts';
import { history, type Entity, type EntityEvent, type PreviousEntity } from './history.ts';
import type { Model } from './model.ts';
import { cnPersons } from './models/cn-persons.ts';
import { keyHash, keysOf, specificBlocks, type KeyHash } from './person-keys.ts';
import { versionOf } from './person-state.ts';
import { personTable } from './person-table.ts';
import { frequenciesOf, type Frequencies } from './rarity.ts';
import { probability, weightAt, type WeightPart } from './score.ts';
import type { Table } from './table.ts';
import type { Trained } from './train.ts';
import type { Mention } from './standardise/mention.ts';

/** What a person decided of two mentions. A later decision on the same two replaces an earlier one. */
export interface Decision {
  kind: 'MUST_LINK' | 'CANNOT_LINK';
  a: string;
  b: string;
}

/** What a full run learnt and an incremental run must use, so that both give the same answer. JSON. */
export interface PersonState {
  modelVersion: string;
  trained: Trained;
  frequencies: Frequencies;
}

export interface PersonLinkInput {
  /**
   * Full run: all mentions. Incremental: the touched ones, all that share a key with them, and the whole entities and stored
   * edges that reach any of these (their connected component).
   */
  mentions: readonly Mention[];
  decisions: readonly Decision[];
  /** The entities that hold any of `mentions`. */
  previousEntities: readonly PreviousEntity[];
  /** Of the last full run; absent in a full run, which gives the next one. */
  state?: PersonState | null;
  /** `type:hash` of keys that more than 50 mentions share in the hub: needed where `mentions` are only a part. */
  genericKeys?: ReadonlySet<string>;
  /** The hash under which `genericKeys` are named; that of `personKeys`. */
  hash?: KeyHash;
  newEntityId: (mentions: readonly string[]) => string;
  /** Why this run happens, for its events. */
  reason?: string;
  model?: Model;
}

/** A scored pair, `a < b`. `levels` holds the level of every comparison and `weights` what each adds: the waterfall is a read. */
export interface PersonEdge {
  a: string;
  b: string;
  weight: number;
  probability: number;
  prior: number;
  levels: string[];
  weights: number[];
  modelVersion: string;
}

export interface ReviewItem {
  a: string;
  b: string;
  weight: number;
  reason: 'GREY_ZONE' | Refusal;
}

export interface PersonLinks {
  edges: PersonEdge[];
  entities: Entity[];
  events: EntityEvent[];
  review: ReviewItem[];
  state: PersonState;
  candidates: number;
}

/** How often names, phones and homes occur among all mentions of the hub: what a full run would learn of them today. */
export function frequenciesNow(mentions: readonly Mention[], model: Model = cnPersons): Frequencies {
  return frequenciesOf(model, personTable(mentions));
}

/** Links mentions of persons into entities. Pure: the same input gives the same answer, but for the ids of new entities. */
export function linkMentions(input: PersonLinkInput): PersonLinks {
  const model = input.model ?? cnPersons;
  const mentions = input.mentions.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const table = personTable(mentions);
  const found = run(model, table, {
    trained: input.state?.trained ?? null,
    frequencies: input.state?.frequencies ?? null,
    trainingRowsMin,
    ...(input.genericKeys ? { blocks: specificBlocks(model, table, input.genericKeys, input.hash) } : {}),
  });
  const state = input.state ?? { modelVersion: versionOf(model, found.trained), trained: found.trained, frequencies: frequenciesOf(model, table) };
  const rowOf = new Map(mentions.map((mention, row) => [mention.id, row]));
  const clusters = clustered(model, table, found, decided(input.decisions, rowOf));
  const groups = Map.groupBy(mentions, (mention) => clusters.clusterOf[rowOf.get(mention.id) as number] as number);
  const named = history([...groups.values()].map((group) => group.map((mention) => mention.id)), input.previousEntities, { modelVersion: state.modelVersion, reason: input.reason ?? 'LINKED' }, input.newEntityId);
  return {
    edges: edgesOf(found, mentions, state.modelVersion),
    ...named,
    review: reviewItems(model, found, clusters, mentions, input.decisions),
    state,
    candidates: found.candidates,
  };
}

export interface PersonKey {
  mention: string;
  type: string;
  hash: string;
}

/** The blocking keys of mentions, for the indexed table `(key_type, key_hash, mention)`. */
export function personKeys(mentions: readonly Mention[], hash: KeyHash = keyHash, model: Model = cnPersons): PersonKey[] {
  const table = personTable(mentions);
  return mentions.flatMap((mention, row) => [...keysOf(model, table, row, hash)].map(([type, digest]) => ({ mention: mention.id, type, hash: digest })));
}

/** The largest number of mentions a key of this type may be shared by before it is generic. */
export function keyMentionsMax(type: string, model: Model = cnPersons): number {
  return model.blocking.find((rule) => rule.name === type)?.rowsMax ?? blockRowsMax;
}

/** The largest number of persons with an ID number among them. */
export function keyBearersMax(type: string, model: Model = cnPersons): number {
  return model.blocking.find((rule) => rule.name === type)?.bearersMax ?? Infinity;
}

export interface PersonExplanation {
  weight: number;
  probability: number;
  prior: number;
  parts: WeightPart[];
}

/** The match weight of two mentions, comparison by comparison. */
export function explainPersons(a: Mention, b: Mention, state: PersonState, model: Model = cnPersons): PersonExplanation {
  const table = personTable([a, b]);
  const { score } = run(model, table, { trained: state.trained, frequencies: state.frequencies });
  const weight = score.weight(0, 1);
  return { weight, probability: probability(weight), prior: score.prior, parts: score.parts(0, 1) };
}

function clustered(model: Model, table: Table, found: Run, decisions: Decided): Clusters {
  const certain = weightAt(model.threshold);
  const sure = Int32Array.from(found.weight.keys()).filter((edge) => (found.weight[edge] as number) >= certain);
  const pick = (source: ArrayLike<number>) => Float64Array.from(sure, (edge) => source[edge] as number);
  const clusters = cluster({
    rows: table.rows,
    left: pick(found.left),
    right: pick(found.right),
    weight: pick(found.weight),
    evidence: found.evidence,
    averageEvidenceMin: model.averageEvidenceMin ?? 0,
    distinct: table.columns.get(model.distinct as string)?.codes as Int32Array,
    ...decisions,
  });
  return { ...clusters, refused: clusters.refused.map(({ edge, reason }) => ({ edge: sure[edge] as number, reason })) };
}

interface Decided {
  mustLink: [number, number][];
  cannotLink: [number, number][];
}

function decided(decisions: readonly Decision[], rowOf: ReadonlyMap<string, number>): Decided {
  const result: Decided = { mustLink: [], cannotLink: [] };
  for (const [, decision] of latest(decisions)) {
    const [i, j] = [rowOf.get(decision.a), rowOf.get(decision.b)];
    if (i !== undefined && j !== undefined) result[decision.kind === 'MUST_LINK' ? 'mustLink' : 'cannotLink'].push([i, j]);
  }
  return result;
}

function latest(decisions: readonly Decision[]): Map<string, Decision> {
  return new Map(decisions.map((decision) => [pairName(decision.a, decision.b), decision]));
}

function pairName(a: string, b: string): string {
  return JSON.stringify(a < b ? [a, b] : [b, a]);
}

/** The waterfall of an edge is worked out where it is asked for: an increment writes few of the edges that it reaches. */
function edgesOf(found: Run, mentions: readonly Mention[], modelVersion: string): PersonEdge[] {
  return Array.from(found.weight, (weight, edge) => {
    const [i, j] = [found.left[edge] as number, found.right[edge] as number];
    const parts = () => found.score.parts(i, j);
    return {
      a: (mentions[i] as Mention).id,
      b: (mentions[j] as Mention).id,
      weight,
      probability: probability(weight),
      prior: found.score.prior,
      modelVersion,
      get levels() {
        return parts().map((part) => part.level);
      },
      get weights() {
        return parts().map((part) => part.weight);
      },
    };
  });
}

/** The grey zone and refused merges, but for pairs that a person has decided, and pairs that are together anyway. */
function reviewItems(model: Model, found: Run, clusters: Clusters, mentions: readonly Mention[], decisions: readonly Decision[]): ReviewItem[] {
  const settled = latest(decisions);
  const reasons = new Map(clusters.refused.map(({ edge, reason }) => [edge, reason]));
  const certain = weightAt(model.threshold);
  const items: ReviewItem[] = [];
  for (let edge = 0; edge < found.weight.length; edge += 1) {
    const [i, j] = [found.left[edge] as number, found.right[edge] as number];
    if (clusters.clusterOf[i] === clusters.clusterOf[j]) continue;
    const weight = found.weight[edge] as number;
    const reason = reasons.get(edge) ?? (weight < certain ? 'GREY_ZONE' : null);
    const [a, b] = [(mentions[i] as Mention).id, (mentions[j] as Mention).id];
    if (reason !== null && reason !== 'CANNOT_LINK' && !settled.has(pairName(a, b))) items.push({ a, b, weight, reason });
  }
  return items;
}

/** With fewer mentions the model's own parameters are steadier than what could be learnt. */
const trainingRowsMin = 20_000;
