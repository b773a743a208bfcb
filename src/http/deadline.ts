interface Wait {
  until: number;
  miss(): void;
}

/**
 * A time within which each of many pieces of work must be done. One timer watches over all: one for each request would cost as much as
 * reading it.
 * @param milliseconds from its begin
 * @returns gives the result of a piece of work; when it comes too late, what `late` makes is thrown
 */
export function createDeadline(milliseconds: number) {
  // They end in the order in which they began.
  const waits = new Set<Wait>();
  let isWatched = false;

  function watch(after: number): void {
    isWatched = true;
    setTimeout(missThoseDue, after).unref();
  }
  function missThoseDue(): void {
    isWatched = false;
    const time = performance.now();
    for (const wait of waits) {
      if (wait.until > time) {
        watch(wait.until - time);
        return;
      }
      waits.delete(wait);
      wait.miss();
    }
  }

  return function within<T>(work: Promise<T>, late: () => Error): Promise<T> {
    return new Promise((resolve, reject) => {
      const wait: Wait = { until: performance.now() + milliseconds, miss: () => reject(late()) };
      waits.add(wait);
      if (!isWatched) watch(milliseconds);
      work.then(
        (result) => {
          waits.delete(wait);
          resolve(result);
        },
        (error: unknown) => {
          waits.delete(wait);
          reject(error);
        },
      );
    });
  };
}
