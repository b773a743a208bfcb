/**
 * The headers of an answer that a browser shows as a page: it may load what `policy` allows, be framed by nobody, and tell no other
 * site where its reader came from. Transport security is for the proxy that has the certificate.
 */
export const documentHeaders = (policy: readonly string[]): Record<string, string> => ({
  "content-security-policy": policy.join("; "),
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "referrer-policy": "no-referrer",
  "x-frame-options": "DENY",
});
