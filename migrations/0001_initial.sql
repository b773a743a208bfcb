-- Times are integer milliseconds since the epoch, UTC. Booleans are 0 or 1.

CREATE TABLE models (
  version       TEXT PRIMARY KEY,
  trained_at    INTEGER NOT NULL,
  registered_at INTEGER NOT NULL
) STRICT;

-- The serving version is that of the last row which was not rolled back.
CREATE TABLE model_uses (
  seq            INTEGER PRIMARY KEY,
  version        TEXT NOT NULL REFERENCES models (version),
  used_at        INTEGER NOT NULL,
  rolled_back_at INTEGER
) STRICT;

-- Held-out customers that the replay plays, in its order.
CREATE TABLE replay_customers (
  model_version TEXT NOT NULL,
  position      INTEGER NOT NULL,
  customer      TEXT NOT NULL,
  churned       INTEGER NOT NULL CHECK (churned IN (0, 1)),
  PRIMARY KEY (model_version, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX replay_customers_by_user ON replay_customers (json_extract(customer, '$.user_id'));

-- `cells` holds one byte for each feature and one for the score: the cell of the model's reference profile.
CREATE TABLE predictions (
  seq           INTEGER PRIMARY KEY,
  id            TEXT NOT NULL UNIQUE,
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
CREATE INDEX predictions_by_user ON predictions (user_id);

-- What is believed now about a prediction; label_history keeps everything that was ever said.
CREATE TABLE labels (
  prediction_seq INTEGER PRIMARY KEY REFERENCES predictions (seq) ON DELETE CASCADE,
  churned        INTEGER NOT NULL CHECK (churned IN (0, 1)),
  observed_at    INTEGER NOT NULL,
  received_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE label_history (
  seq            INTEGER PRIMARY KEY,
  prediction_seq INTEGER NOT NULL REFERENCES predictions (seq) ON DELETE CASCADE,
  churned        INTEGER NOT NULL CHECK (churned IN (0, 1)),
  observed_at    INTEGER NOT NULL,
  received_at    INTEGER NOT NULL,
  status         TEXT NOT NULL CHECK (status IN ('recorded', 'unchanged', 'corrected'))
) STRICT;
CREATE INDEX label_history_by_prediction ON label_history (prediction_seq);

-- Labels of customers who have no prediction yet: joined to the first that comes.
CREATE TABLE pending_labels (
  user_id     TEXT PRIMARY KEY,
  churned     INTEGER NOT NULL CHECK (churned IN (0, 1)),
  observed_at INTEGER NOT NULL,
  received_at INTEGER NOT NULL
) STRICT;

-- What the replay knows already and tells when it is due.
CREATE TABLE scheduled_labels (
  prediction_seq INTEGER PRIMARY KEY REFERENCES predictions (seq) ON DELETE CASCADE,
  due_at         INTEGER NOT NULL,
  churned        INTEGER NOT NULL CHECK (churned IN (0, 1))
) STRICT;
CREATE INDEX scheduled_labels_by_due ON scheduled_labels (due_at);

CREATE TABLE monitor_results (
  seq             INTEGER PRIMARY KEY,
  evaluated_at    INTEGER NOT NULL,
  monitor         TEXT NOT NULL,
  metric          TEXT NOT NULL,
  feature         TEXT,
  value           REAL,
  lower           REAL,
  upper           REAL,
  threshold_lower REAL,
  threshold_upper REAL,
  rows            INTEGER NOT NULL,
  verdict         TEXT NOT NULL CHECK (verdict IN ('ok', 'alarm', 'insufficient', 'immature')),
  since           INTEGER NOT NULL,
  window_from     INTEGER,
  window_to       INTEGER,
  model_version   TEXT NOT NULL,
  scenario        TEXT NOT NULL
) STRICT;
CREATE INDEX monitor_results_by_series ON monitor_results (monitor, feature, evaluated_at);
CREATE INDEX monitor_results_by_time ON monitor_results (evaluated_at);

CREATE TABLE audit_log (
  seq     INTEGER PRIMARY KEY,
  at      INTEGER NOT NULL,
  actor   TEXT NOT NULL,
  action  TEXT NOT NULL,
  subject TEXT NOT NULL
) STRICT;

-- Small things that a restart must not forget, such as the position of the replay.
CREATE TABLE state (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;
