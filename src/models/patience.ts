const parts = 10;

export interface Patience {
  stop(): void;
}

/**
 * Waits for a time in which this process runs, and then calls `onEnd`. A process that is stopped (SIGSTOP, a suspended machine) or
 * held up does not lose its patience with others meanwhile, who were stopped with it: a tenth of the time passes at most.
 * @param milliseconds how long
 */
export function startPatience(milliseconds: number, onEnd: () => void): Patience {
  let passed = 0;
  // Of the ticks that were missed while the process was stopped, a timer makes up for one.
  const timer = setInterval(() => {
    passed++;
    if (passed < parts) return;
    clearInterval(timer);
    onEnd();
  }, milliseconds / parts);
  return { stop: () => clearInterval(timer) };
}
