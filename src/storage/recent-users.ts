/** Which of the latest predictions may be of a user, in memory. Most users have one: a number takes less than a list. */
export function createRecentUsers() {
  const seqs = new Map<number, number | number[]>();
  let length = 0;

  function ofUser(hash: number): readonly number[] {
    const known = seqs.get(hash) ?? [];
    return typeof known === "number" ? [known] : known;
  }

  return {
    get length(): number {
      return length;
    },
    /** Adds a prediction: of one user they ascend. */
    add(hash: number, seq: number): void {
      const known = seqs.get(hash);
      if (known === undefined) seqs.set(hash, seq);
      else if (typeof known === "number") seqs.set(hash, [known, seq]);
      else known.push(seq);
      length++;
    },
    /** In their order. */
    ofUser,
    /** Forgets some predictions of a user. */
    remove(hash: number, gone: ReadonlySet<number>): void {
      const known = ofUser(hash);
      const kept = known.filter((seq) => !gone.has(seq));
      if (kept.length === 0) seqs.delete(hash);
      else seqs.set(hash, kept);
      length -= known.length - kept.length;
    },
    /** Forgets all up to a prediction. */
    forget(through: number): void {
      length = 0;
      for (const [hash, known] of seqs) {
        const kept = typeof known === "number" ? known : known.filter((seq) => seq > through);
        if (typeof kept === "number" ? kept <= through : kept.length === 0) seqs.delete(hash);
        else {
          seqs.set(hash, kept);
          length += typeof kept === "number" ? 1 : kept.length;
        }
      }
    },
  };
}
