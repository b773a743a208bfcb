/** One prediction as the monitors see it. */
export interface WindowRow {
  seq: number;
  /** Milliseconds since the epoch. */
  predictedAt: number;
  probability: number;
  /** One cell for each feature, then that of the score. */
  cells: Uint8Array;
  /** Equal for requests that ask the same of the same customer. */
  fingerprint: number;
  label: WindowLabel | null;
}

export interface WindowLabel {
  churned: boolean;
  /** When it arrived, milliseconds since the epoch. */
  receivedAt: number;
}

/** Rows of which only the counts of cells are known. */
export interface CountedRows {
  readonly rows: number;
  /** How often each cell of a column occurs. */
  counts(column: number): Float64Array;
}

export interface WindowOptions {
  /** Rows that it holds at most. */
  limit: number;
  /** Cells of each column: those of the features, then of the score. */
  cellCounts: readonly number[];
}

export type Window = ReturnType<typeof createWindow>;

/**
 * The last predictions of a model version by prediction time, by column. Adding a row costs the same however many there
 * are; counts of cells are kept while rows come and go, so that reading them costs by cell, not by row.
 */
export function createWindow({ limit, cellCounts }: WindowOptions) {
  const width = cellCounts.length;
  const seqs = new Float64Array(limit);
  const times = new Float64Array(limit);
  const probabilities = new Float64Array(limit);
  const labels = new Int8Array(limit);
  const delays = new Float64Array(limit);
  const fingerprints = new Float64Array(limit);
  const cells = new Uint8Array(limit * width);
  const counts = cellCounts.map((size) => new Float64Array(size));
  const occurrences = new Map<number, number>();
  let duplicates = 0;
  let next = 0;
  let rows = 0;
  let added = 0;

  const count = (row: number, step: 1 | -1): void => {
    for (let column = 0; column < width; column++) {
      const cell = cells[row * width + column] as number;
      const own = counts[column] as Float64Array;
      own[cell] = (own[cell] as number) + step;
    }
  };

  function forget(row: number): void {
    count(row, -1);
    const fingerprint = fingerprints[row] as number;
    const times = occurrences.get(fingerprint) as number;
    if (times > 1) {
      duplicates--;
      occurrences.set(fingerprint, times - 1);
    } else occurrences.delete(fingerprint);
  }

  /** Index of the row with a sequence number, or −1: rows are in its order, beginning at the oldest. */
  function find(seq: number): number {
    const first = rows < limit ? 0 : next;
    let low = 0;
    let high = rows - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const row = (first + middle) % limit;
      const found = seqs[row] as number;
      if (found === seq) return row;
      if (found < seq) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  const setLabel = (row: number, label: WindowLabel | null): void => {
    labels[row] = label ? (label.churned ? 1 : 0) : -1;
    delays[row] = label ? Math.max(0, label.receivedAt - (times[row] as number)) / 1000 : Number.NaN;
  };

  return {
    limit,
    width,
    get rows(): number {
      return rows;
    },
    /** Rows ever added. */
    get added(): number {
      return added;
    },
    /** When the oldest and the newest of the rows were predicted, milliseconds since the epoch; null without rows. */
    get from(): number | null {
      return rows === 0 ? null : (times[rows < limit ? 0 : next] as number);
    },
    get to(): number | null {
      return rows === 0 ? null : (times[(next + limit - 1) % limit] as number);
    },
    /** Rows that repeat an earlier one of the window. */
    get duplicates(): number {
      return duplicates;
    },
    /** How many rows are the first, second … that ask the same, the last place being for all further ones. */
    repetitions(places: number): Float64Array {
      const counts = new Float64Array(places);
      for (const times of occurrences.values()) {
        for (let place = 0; place < Math.min(times, places); place++) counts[place] = (counts[place] as number) + 1;
        if (times > places) counts[places - 1] = (counts[places - 1] as number) + times - places;
      }
      return counts;
    },
    /** Columns, all in the same arbitrary order: views that the next row changes. `labels` is −1 while unknown. */
    get times(): Float64Array {
      return times.subarray(0, rows);
    },
    get probabilities(): Float64Array {
      return probabilities.subarray(0, rows);
    },
    get labels(): Int8Array {
      return labels.subarray(0, rows);
    },
    /** Seconds from the prediction to the arrival of its label; NaN while unknown. */
    get delays(): Float64Array {
      return delays.subarray(0, rows);
    },
    /** Row-major, `width` cells a row. */
    get cells(): Uint8Array {
      return cells.subarray(0, rows * width);
    },
    /** The first `columns` cells of the newest `count` rows, row-major. */
    newestCells(count: number, columns: number): Uint8Array {
      const newest = new Uint8Array(count * columns);
      for (let i = 0; i < count; i++) {
        const start = ((next - 1 - i + 2 * limit) % limit) * width;
        newest.set(cells.subarray(start, start + columns), i * columns);
      }
      return newest;
    },
    /** How often each cell of a column occurs. */
    counts: (column: number): Float64Array => (counts[column] as Float64Array).slice(),
    /** Adds the newest row; the oldest leaves when the window is full. Rows come in the order of their sequence numbers. */
    add(row: WindowRow): void {
      if (rows === limit) forget(next);
      else rows++;
      seqs[next] = row.seq;
      times[next] = row.predictedAt;
      probabilities[next] = row.probability;
      fingerprints[next] = row.fingerprint;
      cells.set(row.cells.subarray(0, width), next * width);
      setLabel(next, row.label);
      count(next, 1);
      const seen = occurrences.get(row.fingerprint) ?? 0;
      if (seen > 0) duplicates++;
      occurrences.set(row.fingerprint, seen + 1);
      next = (next + 1) % limit;
      added++;
    },
    /** Sets or corrects a label; that of a prediction which is not in the window changes nothing. */
    label(seq: number, label: WindowLabel): void {
      const row = find(seq);
      if (row >= 0) setLabel(row, label);
    },
  };
}

/** Probabilities and labels of the rows whose label is known. */
export function labelledRows(window: Pick<Window, "labels" | "probabilities">): {
  probabilities: Float64Array;
  labels: Uint8Array;
} {
  const { labels: ofWindow, probabilities: all } = window;
  const known = ofWindow.reduce((sum, label) => sum + (label >= 0 ? 1 : 0), 0);
  const probabilities = new Float64Array(known);
  const labels = new Uint8Array(known);
  let next = 0;
  ofWindow.forEach((label, row) => {
    if (label < 0) return;
    probabilities[next] = all[row] as number;
    labels[next++] = label;
  });
  return { probabilities, labels };
}
