import { blockRowsMax, blocksOf, comparisonsOf, type Blocks } from './block.ts';
import { checkModel } from './check-model.ts';
import { cluster } from './cluster.ts';
import { run, type Stage } from './engine.ts';
import type { Model } from './model.ts';
import { broken, readTable, type InputTable } from './read-table.ts';
import type { Table } from './table.ts';
import type { Trained } from './train.ts';

export interface LinkTableInput {
  model: Model;
  /** Paths of CSV files. */
  inputs: readonly string[];
  progress?: (stage: 'READ' | Stage, share: number) => void;
  /** Parameters of an earlier run, to save training. */
  trained?: Trained | null;
}

export interface LinkTableResult {
  /** One per row, in the order read. `source` is the input file's base name. */
  clusters: { source: string; id: string; entity: string }[];
  rows: number;
  entities: number;
  /** Pairs that were compared. */
  candidates: number;
  edges: number;
  refusedMerges: number;
  trained: Trained;
}

/** Links the rows of CSV files into entities, without labels: `yiwang link`. */
export async function linkTable(input: LinkTableInput): Promise<LinkTableResult> {
  const { model } = input;
  const progress = input.progress ?? (() => undefined);
  checkModel(model);
  progress('READ', 0);
  const read = await readTable(model, input.inputs);
  const { table } = read;
  const across = model.pairs === 'across' && input.inputs.length > 1;
  const blocks = blocksOf(model, table);
  refuseBoundless(model, blocks, table);
  const found = run(model, table, {
    blocks,
    trained: input.trained ?? model.trained ?? null,
    ...(across ? { wanted: (i: number, j: number) => table.inputs[i] !== table.inputs[j] } : {}),
    keepFrom: model.threshold,
    progress: (stage) => progress(stage, stageShares[stage]),
  });
  progress('CLUSTER', stageShares.CLUSTER);
  const clusters = cluster({
    rows: table.rows,
    left: found.left,
    right: found.right,
    weight: found.weight,
    evidence: found.evidence,
    averageEvidenceMin: model.averageEvidenceMin ?? 0,
    ...(model.distinct === undefined ? {} : { distinct: table.columns.get(model.distinct)?.codes as Int32Array }),
    ...(model.oneOfEach === true && input.inputs.length > 1 ? { oneOfEach: table.inputs } : {}),
  });
  progress('CLUSTER', 1);
  const named = namedClusters(read, clusters.clusterOf);
  return { ...named, rows: table.rows, candidates: found.candidates, edges: found.weight.length, refusedMerges: clusters.refused.length, trained: found.trained };
}

/** A rule under which nearly every row meets every other, or far too many in all, is a slip in the model. */
function refuseBoundless(model: Model, blocks: readonly Blocks[], table: Table): void {
  const all = (table.rows * (table.rows - 1)) / 2;
  let total = 0;
  for (const [index, block] of blocks.entries()) {
    const rule = model.blocking[index] as Model['blocking'][number];
    const unbounded = comparisonsOf(block);
    if (table.rows > smallTableRows && unbounded > all * boundlessShare) {
      throw broken(
        `the blocking rule \`${rule.name}\` would compare nearly everything: ${unbounded} comparisons of ${table.rows} rows; add a column that tells more rows apart`,
        `分块规则 \`${rule.name}\` 几乎会比较所有记录：${table.rows} 行共 ${unbounded} 次比较；请增加区分度更高的列`,
      );
    }
    total += comparisonsOf(block, rule.rowsMax ?? blockRowsMax);
  }
  if (total > comparisonsMax) throw broken(`the blocking rules would make ${total} comparisons, more than ${comparisonsMax}`, `分块规则共需 ${total} 次比较，超过上限 ${comparisonsMax}`);
}

/** Entities are numbered in the order of their first rows. */
function namedClusters(read: InputTable, clusterOf: Int32Array): Pick<LinkTableResult, 'clusters' | 'entities'> {
  const names = new Array<string>(clusterOf.length);
  let entities = 0;
  const clusters = read.ids.map((id, row) => {
    const entity = (names[clusterOf[row] as number] ??= `E${(entities += 1)}`);
    return { source: read.sources[read.table.inputs[row] as number] as string, id, entity };
  });
  return { clusters, entities };
}

const stageShares: Record<Stage, number> = { BLOCK: 0.3, SCORE: 0.4, TRAIN: 0.6, CLUSTER: 0.9 };
const smallTableRows = 30;
const boundlessShare = 0.5;
const comparisonsMax = 1_000_000_000;
