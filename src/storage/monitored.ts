import { type Database, prepare } from "./database.ts";

/** A prediction as the monitors read it; `churned` and `receivedAt` are null until its label is known. */
export interface MonitoredPrediction {
  seq: number;
  predictedAt: number;
  modelVersion: string;
  probability: number;
  cells: Uint8Array;
  customer: string;
  churned: number | null;
  receivedAt: number | null;
}

/** A prediction as the sums need it. */
export type SummedPrediction = Pick<
  MonitoredPrediction,
  "seq" | "predictedAt" | "modelVersion" | "probability" | "cells"
>;

/** One entry of the history of labels, with what the monitors need of its prediction. */
export interface LabelEvent {
  seq: number;
  predictionSeq: number;
  churned: number;
  receivedAt: number;
  status: "recorded" | "unchanged" | "corrected";
  predictedAt: number;
  modelVersion: string;
  probability: number;
}

export type MonitoredStore = ReturnType<typeof createMonitoredStore>;

/** Reads what is new since the last look: it never writes, so that it works on a connection for reading. */
export function createMonitoredStore(database: Database) {
  const newest = prepare<{ predictions: number; labels: number }, []>(
    database,
    `SELECT coalesce((SELECT max(seq) FROM predictions), 0) AS predictions,
       coalesce((SELECT max(seq) FROM label_history), 0) AS labels`,
  );
  const predictions = prepare<MonitoredPrediction, [number, number]>(
    database,
    `SELECT seq, predicted_at AS predictedAt, model_version AS modelVersion, probability, cells, customer,
       labels.churned, received_at AS receivedAt
     FROM predictions LEFT JOIN labels ON prediction_seq = seq WHERE seq > ? ORDER BY seq LIMIT ?`,
  );
  const summed = prepare<SummedPrediction, [number, number]>(
    database,
    `SELECT seq, predicted_at AS predictedAt, model_version AS modelVersion, probability, cells
     FROM predictions WHERE seq > ? ORDER BY seq LIMIT ?`,
  );
  const labels = prepare<LabelEvent, [number, number]>(
    database,
    `SELECT label_history.seq, prediction_seq AS predictionSeq, churned, received_at AS receivedAt, status,
       predicted_at AS predictedAt, model_version AS modelVersion, probability
     FROM label_history JOIN predictions ON predictions.seq = prediction_seq
     WHERE label_history.seq > ? ORDER BY label_history.seq LIMIT ?`,
  );
  const delays = prepare<{ delay: number }, [number]>(
    database,
    `SELECT (received_at - predicted_at) / 1000.0 AS delay
     FROM label_history JOIN predictions ON predictions.seq = prediction_seq
     WHERE status = 'recorded' ORDER BY label_history.seq DESC LIMIT ?`,
  );

  return {
    /** The last sequence numbers of predictions and of label events; 0 without any. */
    newest: () => newest.get() as { predictions: number; labels: number },
    /** Predictions of all versions after a sequence number, oldest first, read row by row. */
    predictionsAfter: (seq: number, limit: number): Iterable<MonitoredPrediction> => predictions.iterate(seq, limit),
    /** The same with what sums are made of alone. */
    summedAfter: (seq: number, limit: number): Iterable<SummedPrediction> => summed.iterate(seq, limit),
    labelsAfter: (seq: number, limit: number): Iterable<LabelEvent> => labels.iterate(seq, limit),
    /** Seconds from a prediction to its first label, of the newest labels of all versions. */
    delays: (limit: number): Float64Array => Float64Array.from(delays.all(limit), ({ delay }) => Math.max(0, delay)),
    /** Runs `read` on one state of the database, whatever is written meanwhile. */
    atOnce: <T>(read: () => T): T => database.transaction(read).deferred() as T,
  };
}
