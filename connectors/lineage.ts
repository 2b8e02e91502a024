import type { Connector, MentionRules, Rule, Stream } from './contract.ts';

/** One line of lineage: source columns → repair → column of the hub. Columns of a list's elements are `list[].column`. */
export interface Lineage {
  stream: string;
  reads: readonly string[];
  repair: string;
  target: string;
}

/** Printed from the rules that map: what no rule reads goes nowhere but into the landed copy. */
export function lineage(connector: Connector): Lineage[] {
  return connector.streams.flatMap((stream) => streamLineage(stream));
}

function streamLineage(stream: Stream): Lineage[] {
  const line = (target: string, reads: readonly string[], repair: string): Lineage => ({ stream: stream.name, reads, repair, target });
  const mapped = (prefix: string, rules: object | undefined, list?: string): Lineage[] =>
    Object.entries(rules ?? {}).flatMap(([name, rule]) => (isRule(rule) ? [line(`${prefix}.${name}`, rule.reads.map((column) => (list === undefined ? column : `${list}[].${column}`)), rule.repair)] : []));
  const mention = ({ role, list, kind, fields }: MentionRules) => [...mapped('mention', { role, kind }, list), ...mapped('mention', fields, list)];
  const { drop, tombstone, neverStoredWhen } = stream;
  return [
    line('record.recordKey', stream.key.reads, stream.key.repair),
    line('record.sourceUpdatedAt', [stream.watermark], 'time'),
    ...mapped('record', stream.record),
    ...mapped('record.facts', stream.record?.facts),
    ...mapped(stream.detail?.table ?? '', stream.detail?.columns),
    ...stream.mentions.flatMap(mention),
    ...stream.assignment.map(({ relation, reads, unit, townshipCentreWhen }) => line(relation === 'LEAD' ? 'record.leadOrg' : 'record.assistOrgs', [reads], townshipCentreWhen ? 'township centre' : unit ? 'unit map' : 'code')),
    ...mapped('organization', stream.organization),
    ...mapped('thing', stream.thing),
    ...(drop ? [line('decision.drop', [drop.reads], drop.rule)] : []),
    ...(tombstone ? [line('decision.tombstone', [tombstone.reads], 'tombstone')] : []),
    ...(neverStoredWhen ? [line('decision.neverStored', [neverStoredWhen.reads], 'never stored')] : []),
  ];
}

function isRule(value: unknown): value is Rule {
  return typeof value === 'object' && value !== null && 'apply' in value;
}
