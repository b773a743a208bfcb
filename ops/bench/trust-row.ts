/** One line of the table of trust: what was tried or counted, what came of it, and what had been promised. */
export interface TrustRow {
  label: string;
  value: string;
  wanted: string;
}
