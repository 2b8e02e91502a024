-- Schedules stand here and not in the queue: a queue that is lost loses no schedule.
CREATE TABLE hub.schedule (
  department text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('SYNC', 'RECONCILE')),
  cron text NOT NULL,
  tz text NOT NULL,
  next_at timestamptz NOT NULL,
  PRIMARY KEY (department, kind)
);
