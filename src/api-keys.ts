import { hash } from "node:crypto";

export const roles = ["predict", "feedback", "read", "admin"] as const;
export type Role = (typeof roles)[number];

/** An API key as the service knows it: what it may do, and enough to recognize it, but not the key. */
export interface ApiKey {
  /** Names the key in the audit log without telling it: the beginning of its digest, the same wherever it stands in the list. */
  name: string;
  /** SHA-256. A slow hash would only help against guessing, which keys as random as they have to be do not allow. */
  digest: Buffer;
  roles: ReadonlySet<string>;
}

export const digestOf = (key: string): Buffer => hash("sha256", key, "buffer");

const entry = /^[^:,\s]{16,}:[a-z]+(\+[a-z]+)*$/;

/**
 * @param text `key:role+role,key:role`, empty for no keys at all. `admin` may do everything.
 * @returns the keys, or what is wrong with the text: a sentence that quotes no key.
 */
export function readApiKeys(text: string): ApiKey[] | string {
  const keys: ApiKey[] = [];
  for (const [i, part] of (text === "" ? [] : text.split(",")).entries()) {
    const nth = `entry ${i + 1}`;
    if (!entry.test(part))
      return `${nth}: expected key:role+role with a key of 16 or more characters (make one: openssl rand -hex 24)`;
    const separator = part.lastIndexOf(":");
    const granted = part.slice(separator + 1).split("+");
    const unknown = granted.find((role) => !roles.some((known) => known === role));
    if (unknown) return `${nth} names the role "${unknown}": use ${roles.join(", ")}`;
    const digest = digestOf(part.slice(0, separator));
    if (keys.some((key) => key.digest.equals(digest))) return `${nth} is a key that stands in the list already`;
    keys.push({ name: `key ${digest.toString("hex").slice(0, 8)}`, digest, roles: new Set(granted) });
  }
  return keys;
}
