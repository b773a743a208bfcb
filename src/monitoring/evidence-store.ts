import type { StateStore } from "../storage/state.ts";
import type { Evidence } from "./finding.ts";

/** The evidence of the figures that are outside their bounds, by series. */
export type EvidenceBySeries = ReadonlyMap<string, Evidence>;

const key = "monitoring.evidence";

/** Six digits tell a reader more than enough, and take a third of the room. */
const short = (share: number): number => Number(share.toPrecision(6));
const shorten = ({ about, bins }: Evidence): Evidence => ({
  about,
  bins: bins.map(({ bin, reference, current }) => ({ bin, reference: short(reference), current: short(current) })),
});

interface Kept {
  /** When the look was, milliseconds since the epoch. */
  at: number;
  evidence: [series: string, Evidence][];
}

/** Keeps the evidence of the last look alone, so that alarms are explained after a restart too, and its size is bounded. */
export function createEvidenceStore(state: StateStore) {
  // A program of before kept none.
  let kept = JSON.parse(state.get(key) ?? "null") as Kept | null;
  return {
    /** That of a look; none when the last one kept was another. */
    of: (evaluatedAt: number): EvidenceBySeries => new Map(kept?.at === evaluatedAt ? kept.evidence : []),
    put(evaluatedAt: number, evidence: EvidenceBySeries): void {
      // Nothing is written look after look while there is nothing to explain.
      if (evidence.size === 0 && !kept?.evidence.length) return;
      kept = { at: evaluatedAt, evidence: Array.from(evidence, ([series, found]) => [series, shorten(found)]) };
      state.put(key, JSON.stringify(kept));
    },
  };
}
