/** Of a stream whose connector declared no period. */
export const retentionYearsMin = 5;

/**
 * Condition over an alias of hub.record: past its retention, counted from the source's last change, on today's clock (a data
 * set of the past is as old as it is). Periods are those of the declarations, in hub.retention; they are read once a statement.
 */
export function retentionSql(record: string): string {
  const years = `((SELECT jsonb_object_agg(t.department || '/' || t.stream, t.years) FROM hub.retention t) ->> (${record}.department || '/' || ${record}.stream))::integer`;
  return `coalesce(${record}.source_updated_at, ${record}.occurred_at) < now() - make_interval(years => coalesce(${years}, ${retentionYearsMin}))`;
}
