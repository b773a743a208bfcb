ALTER TABLE monitor_results ADD COLUMN bin TEXT;
ALTER TABLE monitor_results ADD COLUMN chance REAL;
ALTER TABLE monitor_results ADD COLUMN severity TEXT NOT NULL DEFAULT 'ok' CHECK (severity IN ('ok', 'info', 'warning', 'critical'));

-- Sums over the predictions of a minute or an hour, by model version; they add up over time and over writers.
-- `sums` is float64, little-endian: see src/monitoring/sums.ts.
CREATE TABLE prediction_sums (
  span          TEXT NOT NULL CHECK (span IN ('minute', 'hour')),
  start         INTEGER NOT NULL,
  model_version TEXT NOT NULL,
  writer        TEXT NOT NULL,
  rows          INTEGER NOT NULL,
  sums          BLOB NOT NULL,
  PRIMARY KEY (span, model_version, start, writer)
) STRICT, WITHOUT ROWID;
