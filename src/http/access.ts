import { timingSafeEqual } from "node:crypto";
import { type ApiKey, digestOf, type Role } from "../api-keys.ts";
import { AppError } from "../errors.ts";
import { callerAt, createRateLimit } from "./rate-limit.ts";

export type { Role } from "../api-keys.ts";

export interface AccessOptions {
  /** None: everybody may do everything. */
  keys: readonly ApiKey[];
  /** Requests per second for each key, or for each address that shows none; 0: no limit. */
  rateLimit: number;
  /** Only requests that were addressed to this machine by a name of its own are answered: what guards an open service. */
  isForLoopback: boolean;
  now: () => number;
}

/** The headers of an answer that is being made. */
export type AnswerHeaders = Record<string, string | number>;

export interface Access {
  /** True when nobody needs a key. */
  isOpen: boolean;
  /** True when a rate limit holds: `authorize` then needs the headers of the answer. */
  isLimited: boolean;
  /**
   * @returns who calls, for the audit log.
   * @throws AppError `unauthenticated`, `forbidden` or `rate_limited`.
   */
  authorize(request: Request, role: Role, addressOf: () => string, headers?: AnswerHeaders): string;
}

const loopbackUrl = /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?\//;

/** Who may do what, and how often. */
export function createAccess({ keys, rateLimit, isForLoopback, now }: AccessOptions): Access {
  const isOpen = keys.length === 0;
  const limit = rateLimit > 0 ? createRateLimit(rateLimit, now) : null;

  function count(caller: string, headers?: AnswerHeaders): void {
    if (!limit) return;
    const { isAllowed, remaining, reset, retryAfter } = limit.take(caller);
    if (headers) {
      headers["ratelimit-policy"] = limit.policy;
      headers.ratelimit = `"requests";r=${remaining};t=${reset}`;
    }
    if (!isAllowed)
      throw new AppError("rate_limited", `more than ${rateLimit} requests per second: slow down`, { retryAfter });
  }

  /** A page elsewhere could otherwise let the browser of whoever visits it call a service that asks for no key. */
  function refuseOtherSites(request: Request, role: Role): void {
    if (isForLoopback && !loopbackUrl.test(request.url))
      throw new AppError(
        "forbidden",
        "without API keys only requests to localhost, 127.0.0.1 or [::1] are answered: set API_KEYS, or ALLOW_OPEN=1 behind a guard",
      );
    // What is not a change, or has a body, browsers do not send for another site without asking first; they are told no.
    if (role === "admin" && comesFromOtherSite(request))
      throw new AppError("forbidden", "a page of another site may not change this service");
  }

  return {
    isOpen,
    isLimited: limit !== null,
    authorize(request, role, addressOf, headers) {
      if (isOpen) {
        refuseOtherSites(request, role);
        if (limit) count(callerAt(addressOf()), headers);
        return "anyone";
      }
      const key = findKey(keys, request);
      // Those who guess keys have the quota of their address.
      count(key?.name ?? callerAt(addressOf()), headers);
      if (!key) throw new AppError("unauthenticated", howToAuthenticate(request));
      if (!key.roles.has(role) && !key.roles.has("admin"))
        throw new AppError("forbidden", `this needs a key with the role ${role}`);
      return key.name;
    },
  };
}

function givenKey(request: Request): string | null {
  const { headers } = request;
  return headers.get("authorization")?.match(/^Bearer (.+)$/i)?.[1] ?? headers.get("x-api-key");
}

function findKey(keys: readonly ApiKey[], request: Request): ApiKey | undefined {
  const given = givenKey(request);
  if (!given) return undefined;
  const digest = digestOf(given);
  let found: ApiKey | undefined;
  // Looks at every key, so that the time tells nothing about which one matched.
  for (const key of keys) if (timingSafeEqual(key.digest, digest)) found = key;
  return found;
}

const howToAuthenticate = (request: Request): string =>
  givenKey(request) ? "this API key is not known" : "send an API key: authorization: Bearer <key>";

function comesFromOtherSite({ headers, url }: Request): boolean {
  const site = headers.get("sec-fetch-site");
  if (site !== null) return site !== "same-origin" && site !== "none";
  const origin = headers.get("origin");
  return origin !== null && (!URL.canParse(origin) || new URL(origin).host !== new URL(url).host);
}
