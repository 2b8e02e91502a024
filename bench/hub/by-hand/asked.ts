import type { Client } from '../../../base/db.ts';
import type { Policy } from '../../../policy/decide.ts';
import { workRows } from '../../../policy/relation.sql.ts';
import type { Viewer } from '../../../policy/viewer.ts';

/** What a hand-written endpoint has in hand: a transaction under row-level security, and who asks for what. */
export interface Asked<Variables = object> {
  client: Client;
  viewer: Viewer;
  policy: Policy;
  masterSecret: Uint8Array;
  variables: Variables;
}

/** Under a name, as the hub's subgraphs: parsed and planned once a connection. */
export async function rowsOf<Row>({ client, viewer }: Asked, name: string, text: string, values: readonly unknown[] = []): Promise<Row[]> {
  // The rows that the policy opens are part of the text, and are not the same for every kind of caller.
  const { rows } = await client.query({ name: `${name}-${viewer.kind}`, text, values: [...values] });
  return rows as Row[];
}

/** Rows of hub.record of which the caller may see WORK fields, as the policy has it. */
export function openRows({ policy, viewer }: Asked, alias: string): string {
  return `(${workRows(policy, viewer, alias)})`;
}

/** A coded value without its list. */
export function plain(value: { code: string; name: string | null } | null) {
  return value && { code: value.code, name: value.name };
}
