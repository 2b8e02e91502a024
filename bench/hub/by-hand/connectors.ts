import { allByKey } from '../../../subgraphs/loader.ts';
import { streamCounts } from '../../../subgraphs/hub/counts.ts';
import type { StreamReport } from '../../../subgraphs/hub/runs.ts';
import { rowsOf, type Asked } from './asked.ts';

interface StreamRow extends Pick<StreamReport, 'department' | 'stream' | 'paused' | 'totals' | 'live' | 'deleted' | 'repaired'> {
  fresh_through: Date | null;
  stale_reason: string | null;
  paused_at: Date | null;
  quarantined_values: Record<string, number>;
  mode: string | null;
  status: string | null;
  started_at: Date | null;
  finished_at: Date | null;
  error_code: string | null;
  held: object[];
  sent: number;
  overdue: number;
  answered: number;
}

const quarantineRows = 20; // as the operation asks

/** 9: the state of every stream, and what waits in quarantine, in two statements. */
export async function connectors(asked: Asked) {
  const streams = await rowsOf<StreamRow>(asked, 'connectors',
    `SELECT s.department, s.stream, s.fresh_through, s.stale_reason, s.paused, s.paused_at, s.totals, s.live, s.deleted, s.repaired, s.quarantined_values, l.*,
       coalesce((SELECT json_agg(json_build_object('id', h.id, 'requestedAt', h.requested_at, 'message', h.message) ORDER BY h.requested_at)
         FROM hub.run_report h WHERE h.department = s.department AND h.stream = s.stream AND h.status = 'HELD' AND h.mode <> 'DRY_RUN'), '[]') AS held,
       coalesce(c.sent, 0)::int AS sent, coalesce(c.overdue, 0)::int AS overdue, coalesce(c.answered, 0)::int AS answered
     FROM hub.stream_report s LEFT JOIN hub.correction_count c ON c.department = s.department
     LEFT JOIN LATERAL (SELECT r.mode, r.status, r.started_at, r.finished_at, r.error_code FROM hub.run_report r
       WHERE r.department = s.department AND r.stream = s.stream AND r.mode <> 'DRY_RUN' ORDER BY r.requested_at DESC, r.id DESC LIMIT 1) l ON true
     ORDER BY s.department, s.stream`,
  );
  const nodes = await rowsOf(asked, 'quarantine',
    `SELECT id::text, department, stream, reason, field, position, sample, created_at AS "createdAt", released_at AS "releasedAt", outcome
     FROM hub.quarantine_report WHERE released_at IS NULL ORDER BY hub.quarantine_report.id DESC LIMIT ${quarantineRows}`,
  );
  const byDepartment = allByKey(streams, (row) => row.department);
  return { connectors: [...byDepartment].map(([department, rows]) => ({ department, corrections: corrections(rows[0]!), streams: rows.map(asStream) })), quarantine: { nodes } };
}

function corrections({ sent, overdue, answered }: StreamRow) {
  return { sent, overdue, answered };
}

function asStream(row: StreamRow) {
  const { offered, published, unchanged, superseded, tombstones, dropped, quarantined, quarantinedValues, repaired, live } = streamCounts({ ...row, quarantinedValues: row.quarantined_values });
  return {
    stream: row.stream, freshThrough: row.fresh_through, staleReason: row.stale_reason, paused: row.paused, pausedAt: row.paused_at,
    counts: { offered, published, unchanged, superseded, tombstones, dropped, quarantined, quarantinedValues, repaired, live: Number(live) },
    held: row.held,
    lastRun: row.mode && { mode: row.mode, status: row.status, startedAt: row.started_at, finishedAt: row.finished_at, errorCode: row.error_code },
  };
}
