import { createHash, timingSafeEqual } from "node:crypto";
import { AppError } from "../errors.ts";

export const roles = ["predict", "feedback", "read", "admin"] as const;
export type Role = (typeof roles)[number];

interface Key {
  /** Names the key in the audit log without telling it. */
  name: string;
  digest: Buffer;
  roles: ReadonlySet<string>;
}

export interface Access {
  /** True when nobody needs a key. */
  isOpen: boolean;
  /**
   * @returns who calls, for the audit log.
   * @throws AppError `unauthenticated`, `forbidden` or `rate_limited`.
   */
  authorize(request: Request, role: Role, addressOf: () => string): string;
}

const digestOf = (key: string): Buffer => createHash("sha256").update(key).digest();

/**
 * @param apiKeys `key:role+role,…`, empty for no keys at all. `admin` may do everything.
 * @param rateLimit requests per second for each key or address, bursts of one second allowed; 0 for none.
 * @throws AppError `invalid_setting` for a role that does not exist.
 */
export function createAccess(apiKeys: string, rateLimit: number, now: () => number): Access {
  const keys = apiKeys
    .split(",")
    .filter((entry) => entry !== "")
    .map((entry, i): Key => {
      const separator = entry.lastIndexOf(":");
      const granted = entry.slice(separator + 1).split("+");
      const unknown = granted.find((role) => !roles.some((known) => known === role));
      if (unknown)
        throw new AppError(
          "invalid_setting",
          `bad setting: API_KEYS names the role "${unknown}": use ${roles.join(", ")}`,
        );
      return { name: `key ${i + 1}`, digest: digestOf(entry.slice(0, separator)), roles: new Set(granted) };
    });
  const isAllowed = createRateLimit(rateLimit, now);

  return {
    isOpen: keys.length === 0,
    authorize(request, role, addressOf) {
      const key = keys.length === 0 ? null : findKey(keys, request);
      if (rateLimit > 0 && !isAllowed(key?.name ?? addressOf())) {
        throw new AppError("rate_limited", `more than ${rateLimit} requests per second: slow down`);
      }
      if (key && !key.roles.has(role) && !key.roles.has("admin"))
        throw new AppError("forbidden", `this needs a key with the role ${role}`);
      return key?.name ?? "anyone";
    },
  };
}

function findKey(keys: readonly Key[], request: Request): Key {
  const given = request.headers.get("authorization")?.match(/^Bearer (.+)$/i)?.[1] ?? request.headers.get("x-api-key");
  if (!given) throw new AppError("unauthenticated", "send an API key: authorization: Bearer <key>");
  const digest = digestOf(given);
  let found: Key | undefined;
  // Looks at every key, so that the time tells nothing about which one matched.
  for (const key of keys) if (timingSafeEqual(key.digest, digest)) found = key;
  if (!found) throw new AppError("unauthenticated", "this API key is not known");
  return found;
}

function createRateLimit(perSecond: number, now: () => number): (caller: string) => boolean {
  const capacity = Math.max(1, perSecond);
  const buckets = new Map<string, { tokens: number; at: number }>();
  return (caller) => {
    const time = now();
    const bucket = buckets.get(caller) ?? { tokens: capacity, at: time };
    const tokens = Math.min(capacity, bucket.tokens + (Math.max(0, time - bucket.at) / 1000) * perSecond);
    const isAllowed = tokens >= 1;
    // The oldest caller goes first, so that many addresses cannot fill the memory.
    buckets.delete(caller);
    buckets.set(caller, { tokens: isAllowed ? tokens - 1 : tokens, at: time });
    if (buckets.size > 10_000) buckets.delete(buckets.keys().next().value as string);
    return isAllowed;
  };
}
