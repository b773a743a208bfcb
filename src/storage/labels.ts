import { type Database, prepare } from "./database.ts";

export interface Label {
  churned: boolean;
  /** When it was observed that the customer churned or stayed. */
  observedAt: number;
  receivedAt: number;
}

export type LabelStatus = "recorded" | "unchanged" | "corrected";

interface LabelRow {
  churned: number;
  observedAt: number;
  receivedAt: number;
}

export interface DueLabel {
  predictionSeq: number;
  churned: number;
  predictedAt: number;
  predictionId: string;
}

export type LabelStore = ReturnType<typeof createLabelStore>;

const toLabel = (row: LabelRow): Label => ({ ...row, churned: row.churned === 1 });
const selected = "churned, observed_at AS observedAt, received_at AS receivedAt";

/** What really happened: labels by prediction, their history, those waiting for a prediction or for their time. */
export function createLabelStore(database: Database) {
  const get = prepare<LabelRow, [number]>(database, `SELECT ${selected} FROM labels WHERE prediction_seq = ?`);
  const put = prepare<null, [number, number, number, number]>(
    database,
    `INSERT INTO labels (prediction_seq, churned, observed_at, received_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (prediction_seq) DO UPDATE SET churned = excluded.churned, observed_at = excluded.observed_at, received_at = excluded.received_at`,
  );
  const append = prepare<null, [number, number, number, number, string]>(
    database,
    "INSERT INTO label_history (prediction_seq, churned, observed_at, received_at, status) VALUES (?, ?, ?, ?, ?)",
  );
  const history = prepare<LabelRow & { status: LabelStatus }, [number]>(
    database,
    `SELECT ${selected}, status FROM label_history WHERE prediction_seq = ? ORDER BY seq`,
  );
  const putPending = prepare<null, [string, number, number, number]>(
    database,
    `INSERT INTO pending_labels (user_id, churned, observed_at, received_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (user_id) DO UPDATE SET churned = excluded.churned, observed_at = excluded.observed_at, received_at = excluded.received_at
     WHERE excluded.observed_at >= pending_labels.observed_at`,
  );
  const anyPending = prepare<{ found: number }, []>(database, "SELECT EXISTS (SELECT 1 FROM pending_labels) AS found");
  const takePending = prepare<LabelRow, [string]>(
    database,
    `DELETE FROM pending_labels WHERE user_id = ? RETURNING ${selected}`,
  );
  const schedule = prepare<null, [number, number, number]>(
    database,
    "INSERT INTO scheduled_labels (prediction_seq, due_at, churned) VALUES (?, ?, ?)",
  );
  const due = prepare<DueLabel, [number, number]>(
    database,
    `SELECT prediction_seq AS predictionSeq, scheduled_labels.churned, predicted_at AS predictedAt, id AS predictionId
     FROM scheduled_labels JOIN predictions ON seq = prediction_seq WHERE due_at <= ? ORDER BY due_at LIMIT ?`,
  );
  const unschedule = prepare<null, [number]>(database, "DELETE FROM scheduled_labels WHERE prediction_seq = ?");
  const countScheduled = prepare<{ count: number }, []>(database, "SELECT count(*) AS count FROM scheduled_labels");
  const erasePending = prepare<null, [number]>(database, "DELETE FROM pending_labels WHERE received_at < ?");

  return {
    get: (predictionSeq: number): Label | null => {
      const row = get.get(predictionSeq);
      return row ? toLabel(row) : null;
    },
    put: (predictionSeq: number, label: Label) =>
      void put.run(predictionSeq, label.churned ? 1 : 0, label.observedAt, label.receivedAt),
    appendHistory: (predictionSeq: number, label: Label, status: LabelStatus) =>
      void append.run(predictionSeq, label.churned ? 1 : 0, label.observedAt, label.receivedAt, status),
    history: (predictionSeq: number): (Label & { status: LabelStatus })[] =>
      history.all(predictionSeq).map((row) => ({ ...toLabel(row), status: row.status })),
    /** Keeps a label for a user without predictions; the one observed last wins. */
    putPending: (userId: string, label: Label) =>
      void putPending.run(userId, label.churned ? 1 : 0, label.observedAt, label.receivedAt),
    hasPending: (): boolean => anyPending.get()?.found === 1,
    takePending: (userId: string): Label | null => {
      const row = takePending.get(userId);
      return row ? toLabel(row) : null;
    },
    schedule: (predictionSeq: number, dueAt: number, churned: boolean) =>
      void schedule.run(predictionSeq, dueAt, churned ? 1 : 0),
    due: (now: number, limit: number): DueLabel[] => due.all(now, limit),
    unschedule: (predictionSeq: number) => void unschedule.run(predictionSeq),
    countScheduled: (): number => countScheduled.get()?.count ?? 0,
    erasePendingOfUser: (userId: string): boolean => takePending.get(userId) !== null,
    erasePendingBefore: (time: number): number => erasePending.run(time).changes,
  };
}
