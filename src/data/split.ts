/** Shares of customers in the three parts of the data; they add up to 1. */
export interface Fractions {
  train: number;
  validation: number;
  holdout: number;
}

export type Split = keyof Fractions;

export const defaultFractions: Fractions = { train: 0.6, validation: 0.2, holdout: 0.2 };

/** Positions that a customer can have. */
export const positionSteps = 1_000_000;

/** Where a customer stands by the low 64 bits of the MD5 of the user id, as SQL: a whole number from 0, below {@link positionSteps}. */
export const positionExpression = (userId: string): string => `(md5_number_lower(${userId}) % ${positionSteps})`;

/**
 * The part of the data that a customer belongs to, as SQL: decided by its position, so it
 * is the same on every machine and stays the same when other customers are added or left out.
 */
export function splitExpression(userId: string, { train, validation }: Fractions): string {
  const position = positionExpression(userId);
  const trainEnd = Math.round(train * positionSteps);
  const validationEnd = Math.round((train + validation) * positionSteps);
  return `(CASE WHEN ${position} < ${trainEnd} THEN 'train' WHEN ${position} < ${validationEnd} THEN 'validation' ELSE 'holdout' END)::ENUM ('train', 'validation', 'holdout')`;
}

/** The order in which held-out customers are replayed, as SQL: the high bits of the MD5, which the split does not use. */
export const replayOrder = (userId: string): string => `md5_number_upper(${userId})`;
