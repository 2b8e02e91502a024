import { bigint, customType, integer, pgSchema, primaryKey, smallint, text, timestamp } from 'drizzle-orm/pg-core';

/** The tables of the access log for queries; what each holds and why stands in `schema/migrations/0100_audit_log.sql`. */
export const auditSchema = pgSchema('audit');

const bytea = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => 'bytea' });
const bigNumber = (name: string) => bigint(name, { mode: 'number' });
const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

export const batches = auditSchema.table('batch', {
  size: bigNumber('size').primaryKey(),
  prevSize: bigNumber('prev_size').notNull(),
  root: bytea('root').notNull(),
  leaves: bytea('leaves').notNull(),
  writer: text('writer').notNull(),
  writtenAt: instant('written_at').notNull(),
});

export const entries = auditSchema.table('entry', {
  index: bigNumber('index').primaryKey(),
  bytes: bytea('bytes').notNull(),
  at: instant('at').notNull(),
  viewer: text('viewer'),
  org: text('org'),
  department: text('department'),
  purpose: text('purpose'),
  operation: text('operation'),
  decision: text('decision').notNull(),
  code: text('code'),
  traceId: text('trace_id'),
  disclosedFrom: instant('disclosed_from'),
});

export const tiles = auditSchema.table(
  'tile',
  { level: smallint('level').notNull(), index: bigNumber('index').notNull(), hashes: bytea('hashes').notNull(), root: bytea('root').notNull() },
  (table) => [primaryKey({ columns: [table.level, table.index] })],
);

export const subjects = auditSchema.table(
  'subject',
  { entryIndex: bigNumber('entry_index').notNull(), position: integer('position').notNull(), keyId: text('key_id').notNull(), tag: bytea('tag').notNull(), leaf: bytea('leaf').notNull() },
  (table) => [primaryKey({ columns: [table.entryIndex, table.position] })],
);

export const checkpoints = auditSchema.table(
  'checkpoint',
  { size: bigNumber('size').notNull(), at: instant('at').notNull(), note: text('note').notNull() },
  (table) => [primaryKey({ columns: [table.size, table.at] })],
);
