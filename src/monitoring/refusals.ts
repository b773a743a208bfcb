const second = 1000;
const kept = 24 * 3600 * second;

/** Counts refused requests by the second, for a day. */
export function createRefusals(now: () => number) {
  const counts = new Map<number, number>();
  return {
    add(): void {
      const time = now();
      const at = Math.floor(time / second) * second;
      if (!counts.has(at)) for (const old of counts.keys()) if (old < time - kept) counts.delete(old);
      counts.set(at, (counts.get(at) ?? 0) + 1);
    },
    /** How many since a time (milliseconds since the epoch), to the second. */
    since(time: number): number {
      let sum = 0;
      for (const [at, count] of counts) if (at + second > time) sum += count;
      return sum;
    },
  };
}

export type Refusals = ReturnType<typeof createRefusals>;
