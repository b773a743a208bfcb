/** Ids are told apart by as many salts, where number and time are the same: after a restore. */
export const salts = 2 ** 26;

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");

/**
 * The id of a prediction: a UUIDv7 (RFC 9562, section 5.7) whose random bits are a salt and the prediction's number.
 * @param seq 1 to 2⁴⁸ − 1
 * @param time milliseconds since the epoch
 * @param salt 0 to 2²⁶ − 1
 */
export function predictionId(seq: number, time: number, salt: number): string {
  const stamp = hex(time, 12);
  const high = hex(salt >>> 14, 3);
  const low = hex(0x8000 + (salt & 0x3fff), 4);
  return `${stamp.slice(0, 8)}-${stamp.slice(8)}-7${high}-${low}-${hex(seq, 12)}`;
}

/** The number in an id that {@link predictionId} made; of any other text anything, NaN too. */
export const seqOf = (id: string): number => Number.parseInt(id.slice(24), 16);
