/** Of a stream whose connector declared no period. */
export const retentionYearsMin = 5;

/** How long a record stays masked after its period, where its connector does not say it: time to appraise it (鉴定) before it is destroyed. */
export const maskedYearsDefault = 1;

/**
 * Condition over an alias of hub.record: past its retention, counted from the source's last change, on today's clock (a data
 * set of the past is as old as it is). Periods are those of the declarations, in hub.retention; they are read once a statement.
 */
export function retentionSql(record: string): string {
  const years = `((SELECT jsonb_object_agg(t.department || '/' || t.stream, t.years) FROM hub.retention t) ->> (${record}.department || '/' || ${record}.stream))::integer`;
  return `${lastChangeSql(record)} < now() - make_interval(years => coalesce(${years}, ${retentionYearsMin}))`;
}

/** The time that retention counts from; null where the source told none: such a record is neither masked nor deleted for its age. */
export function lastChangeSql(record: string): string {
  return `coalesce(${record}.source_updated_at, ${record}.occurred_at)`;
}

/**
 * The instant before which a record of one stream is to be deleted, on the clock of `retentionSql`: its period and the time
 * masked are over. Null where hub.retention has no row: what nobody declared deletes nothing. Parameters are SQL expressions.
 */
export function deletedBeforeSql(department: string, stream: string): string {
  return `(SELECT now() - make_interval(years => t.years + t.masked_years) FROM hub.retention t WHERE t.department = ${department} AND t.stream = ${stream})`;
}
