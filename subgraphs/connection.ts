import { sql, type SQL } from 'drizzle-orm';
import { YiwangError } from '../base/errors.ts';
import { access, noRow } from '../policy/row.ts';
import type { SubgraphContext } from './context.ts';
import type { CursorScope, Position } from './cursor.ts';

export interface PageArgs {
  first?: number | null;
  after?: string | null;
}

/** What to read: one row more than the page holds tells whether there is a next one. */
export interface Page {
  scope: CursorScope;
  rowsMax: number;
  after: Position | null;
}

const firstMax = 100;
const firstDefault = 20;

/** The page that `first` and `after` ask of a list. `first` outside 0–100 is `BAD_REQUEST`. */
export function pageOf(context: SubgraphContext, coordinate: string, args: PageArgs & Record<string, unknown>): Page {
  const { first, after, ...choice } = args;
  const rowsMax = rowsMaxOf(first);
  const scope = { coordinate, args: withoutEmpty(choice) };
  return { scope, rowsMax, after: after ? context.cursors.open(scope, after) : null };
}

/** How many rows `first` asks for. */
export function rowsMaxOf(first: number | null | undefined): number {
  const rowsMax = first ?? firstDefault;
  if (rowsMax < 0 || rowsMax > firstMax) throw new YiwangError('BAD_REQUEST', { hint: `\`first\` is from 0 to ${firstMax}` });
  return rowsMax;
}

/**
 * How many rows the statement of a page reads, as a number in its text: at least `rowsMax + 1`. PostgreSQL plans anew at each
 * execution where the limit is a value of the statement, and what row-level security adds takes longer to plan than to run;
 * few different numbers make few texts to keep planned.
 */
export function rowsRead({ rowsMax }: Page): SQL {
  return sql.raw(String(pageSizes.find((size) => size > rowsMax) ?? firstMax + 1));
}

const pageSizes = [firstMax / 10, firstMax / 5, firstMax / 2, firstMax].map((first) => first + 1);

/** A Relay connection of the rows read for a page; those beyond it only tell that there is a next one. */
export function connection<Row, Edge extends object>(
  context: SubgraphContext,
  page: Page,
  rows: readonly Row[],
  shape: { position(row: Row): Position; node(row: Row): unknown; edge?(row: Row): Edge },
) {
  const shown = rows.slice(0, page.rowsMax);
  const edges = shown.map((row) => ({
    [access]: noRow,
    ...shape.edge?.(row),
    get cursor() {
      return context.cursors.seal(page.scope, shape.position(row));
    },
    node: shape.node(row),
  }));
  return {
    [access]: noRow,
    edges,
    get nodes() {
      return edges.map((edge) => edge.node);
    },
    pageInfo: {
      hasNextPage: rows.length > page.rowsMax,
      hasPreviousPage: page.after !== null,
      get startCursor() {
        return edges[0]?.cursor ?? null;
      },
      get endCursor() {
        return edges.at(-1)?.cursor ?? null;
      },
    },
  };
}

/** Absent and null arguments choose the same list. */
function withoutEmpty(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value instanceof Date ? value.toISOString() : value;
  if (value instanceof Date) return value.toISOString();
  const kept = Object.entries(value).filter(([, one]) => one !== null && one !== undefined);
  return Object.fromEntries(kept.map(([key, one]) => [key, withoutEmpty(one)]));
}
