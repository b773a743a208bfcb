export interface Random {
  /** Uniform on [0, 1) with 53 bits. */
  uniform(): number;
  /** Uniform integer in 0 … bound − 1, without modulo bias; `bound` from 1 to 2^32. */
  integer(bound: number): number;
  /** Standard normal: mean 0, variance 1. */
  normal(): number;
  /** Permutes in place, every order equally likely, and returns what it was given. */
  shuffle<T extends { length: number; [index: number]: unknown }>(values: T): T;
  /** A generator whose stream has nothing to do with this one's: one for each worker, window or round. */
  split(): Random;
}

/**
 * A small, fast, seeded generator: xoshiro128** (period 2^128 − 1), its state filled from the seed by splitmix32.
 * The same seed gives the same numbers on every machine. Not for secrets.
 *
 * Range: `seed` is an integer of at most 53 bits, negative ones included; different seeds, different streams.
 * Source: Blackman & Vigna, "Scrambled linear pseudorandom number generators", ACM TOMS 47 (2021).
 */
export function createRandom(seed: number): Random {
  const low = splitmix32(seed % 4_294_967_296);
  const high = splitmix32(Math.floor(seed / 4_294_967_296));
  const word = () => low() ^ Math.imul(high(), 0x9e3779b1);
  let s0 = word();
  let s1 = word();
  let s2 = word();
  let s3 = word() | 1;
  let spare = Number.NaN;

  function bits(): number {
    const scrambled = Math.imul(s1, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
    const shifted = s1 << 9;
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= shifted;
    s3 = (s3 << 11) | (s3 >>> 21);
    return result;
  }

  function uniform(): number {
    return ((bits() >>> 5) * 67_108_864 + (bits() >>> 6)) / 9_007_199_254_740_992;
  }

  function integer(bound: number): number {
    const biased = 4_294_967_296 % bound;
    let drawn = bits();
    while (drawn < biased) drawn = bits();
    return drawn % bound;
  }

  function normal(): number {
    if (!Number.isNaN(spare)) {
      const kept = spare;
      spare = Number.NaN;
      return kept;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  function shuffle<T extends { length: number; [index: number]: unknown }>(values: T): T {
    for (let last = values.length - 1; last > 0; last--) {
      const other = integer(last + 1);
      const held = values[last];
      values[last] = values[other];
      values[other] = held;
    }
    return values;
  }

  function split(): Random {
    return createRandom(bits() * 2_097_152 + (bits() >>> 11));
  }

  return { uniform, integer, normal, shuffle, split };
}

function splitmix32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) | 0;
  };
}
