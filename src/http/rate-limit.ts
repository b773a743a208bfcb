/** How a caller stands after a request. */
export interface Standing {
  isAllowed: boolean;
  /** Requests that may follow at once. */
  remaining: number;
  /** Seconds until all of the quota is there again. */
  reset: number;
  /** Seconds until a request is allowed again; 0 when it is now. */
  retryAfter: number;
}

const mostCallers = 10_000;

/**
 * A token bucket for each caller: a quota of one second's requests, which fills again at the rate.
 *
 * The well-kept packages (rate-limiter-flexible, limiter) read the clock themselves, keep a timer or a promise for each request
 * and do not write these headers, for what is twenty lines here.
 *
 * @param perSecond more than 0
 */
export function createRateLimit(perSecond: number, now: () => number) {
  const quota = Math.max(1, Math.floor(perSecond));
  const buckets = new Map<string, { tokens: number; at: number }>();

  function bucketOf(caller: string, time: number): { tokens: number; at: number } {
    const known = buckets.get(caller);
    if (known) return known;
    const made = { tokens: quota, at: time };
    // Many addresses cannot fill the memory; who was seen first has long been full again.
    if (buckets.size >= mostCallers) buckets.delete(buckets.keys().next().value as string);
    buckets.set(caller, made);
    return made;
  }

  return {
    /** The quota as the header RateLimit-Policy tells it (draft-ietf-httpapi-ratelimit-headers). */
    policy: `"requests";q=${quota};w=${Math.ceil(quota / perSecond)}`,
    take(caller: string): Standing {
      const time = now();
      const bucket = bucketOf(caller, time);
      bucket.tokens = Math.min(quota, bucket.tokens + (Math.max(0, time - bucket.at) / 1000) * perSecond);
      bucket.at = time;
      const isAllowed = bucket.tokens >= 1;
      if (isAllowed) bucket.tokens--;
      return {
        isAllowed,
        remaining: Math.floor(bucket.tokens),
        reset: Math.ceil((quota - bucket.tokens) / perSecond),
        retryAfter: isAllowed ? 0 : Math.ceil((1 - bucket.tokens) / perSecond),
      };
    },
  };
}

/** Whom a limit by address is for: an address, or the network (/64) that one customer of a provider has of IPv6. */
export function callerAt(address: string): string {
  if (!address.includes(":") || address.includes(".")) return address;
  const [head = "", tail] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  const after = tail ? tail.split(":") : [];
  const zeros = tail === undefined ? 0 : 8 - groups.length - after.length;
  return [...groups, ...Array<string>(Math.max(0, zeros)).fill("0"), ...after].slice(0, 4).join(":");
}
