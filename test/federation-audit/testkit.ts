/**
 * What the audit's files import as `subgraph.js`, `supergraph.js` and `testkit.js`: the same three functions, which only
 * hand back what they were given. So a copy needs no packages of its own, and runs on this project's @apollo/subgraph.
 */
export function createSubgraph(name: string, { typeDefs, resolvers }: Omit<AuditSubgraph, 'name'>): AuditSubgraph {
  return { name, typeDefs, resolvers };
}

export function serve(id: string, subgraphs: AuditSubgraph[], tests: AuditSuite['tests']): AuditSuite {
  return { id, subgraphs, tests };
}

export function createTest(query: string, expected: AuditCase['expected']): AuditCase {
  return { query, expected };
}

export interface AuditSubgraph {
  name: string;
  typeDefs: string;
  resolvers: Record<string, unknown>;
}

export interface AuditCase {
  query: string;
  /** `errors` says whether there must be some; where it is not said, both will do. */
  expected: { data?: unknown; errors?: boolean };
}

export interface AuditSuite {
  id: string;
  subgraphs: readonly AuditSubgraph[];
  tests: readonly AuditCase[] | (() => readonly AuditCase[]);
}
