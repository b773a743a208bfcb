import type { missingBin, otherBin, zeroBin } from "../models/profile.ts";

const special: Record<typeof missingBin | typeof zeroBin | typeof otherBin, string> = {
  __missing__: "missing",
  __zero__: "zero",
  __other__: "other",
};

/** Amounts as they are, small figures such as probabilities by their first three digits. */
const readable = (value: number): string =>
  value.toLocaleString("en", { maximumSignificantDigits: Math.abs(value) < 1 ? 3 : 6 });

/** A bin such as `<=3.25` or `3.25-10` in words, with its bounds as `format` writes them; a category as it is. */
export function binName(bin: string, format: (value: number) => string = readable): string {
  if (bin in special) return special[bin as keyof typeof special];
  const number = "([\\d.]+(?:e[-+]?\\d+)?)";
  const [, most] = new RegExp(`^<=${number}$`).exec(bin) ?? [];
  if (most) return `≤ ${format(Number(most))}`;
  const [, least] = new RegExp(`^>${number}$`).exec(bin) ?? [];
  if (least) return `> ${format(Number(least))}`;
  const [, from, to] = new RegExp(`^${number}-${number}$`).exec(bin) ?? [];
  return from && to ? `${format(Number(from))} to ${format(Number(to))}` : bin;
}
