-- The id of a prediction ends with its sequence number, so that it is found without an index of ids, which every prediction paid for.
CREATE TABLE numbered_predictions (
  seq           INTEGER PRIMARY KEY,
  id            TEXT NOT NULL,
  user_id       TEXT NOT NULL,
  predicted_at  INTEGER NOT NULL,
  model_version TEXT NOT NULL,
  source        TEXT NOT NULL CHECK (source IN ('request', 'replay')),
  customer      TEXT NOT NULL,
  probability   REAL NOT NULL,
  threshold     REAL NOT NULL,
  churn         INTEGER NOT NULL CHECK (churn IN (0, 1)),
  cells         BLOB NOT NULL
) STRICT;
INSERT INTO numbered_predictions
  SELECT seq, id, user_id, predicted_at, model_version, source, customer, probability, threshold, churn, cells FROM predictions;

-- Those that were made before have other ids.
CREATE TABLE unnumbered_predictions (
  id             TEXT PRIMARY KEY,
  prediction_seq INTEGER NOT NULL UNIQUE REFERENCES predictions (seq) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
INSERT INTO unnumbered_predictions SELECT id, seq FROM predictions;

DROP TABLE predictions;
ALTER TABLE numbered_predictions RENAME TO predictions;
CREATE INDEX predictions_by_user ON predictions (user_id);

-- Numbered, too: of a table by another key SQLite keeps rows in inner pages, and when it divides one leaves copies of them in what is
-- then unused, where nothing overwrites them when their customer is erased.
CREATE TABLE numbered_replay_customers (
  seq           INTEGER PRIMARY KEY,
  model_version TEXT NOT NULL,
  position      INTEGER NOT NULL,
  customer      TEXT NOT NULL,
  churned       INTEGER NOT NULL CHECK (churned IN (0, 1)),
  UNIQUE (model_version, position)
) STRICT;
INSERT INTO numbered_replay_customers (model_version, position, customer, churned)
  SELECT model_version, position, customer, churned FROM replay_customers ORDER BY model_version, position;
DROP TABLE replay_customers;
ALTER TABLE numbered_replay_customers RENAME TO replay_customers;
CREATE INDEX replay_customers_by_user ON replay_customers (json_extract(customer, '$.user_id'));
