import { describe, expect, test } from "bun:test";
import { type ApiKey, readApiKeys } from "../api-keys.ts";
import { readConfig } from "../config.ts";
import { AppError } from "../errors.ts";
import { type AccessOptions, type AnswerHeaders, createAccess, type Role } from "./access.ts";
import { callerAt } from "./rate-limit.ts";

const predictor = "predictor-key-of-a-test";
const administrator = "admin-key-of-a-test";
const keys = readApiKeys(`${predictor}:predict+feedback,${administrator}:admin`) as ApiKey[];
const request = (headers: Record<string, string> = {}, url = "http://localhost:8000/") => new Request(url, { headers });
const withKey = (key: string) => request({ authorization: `Bearer ${key}` });
const here = () => "127.0.0.1";
const accessWith = (options: Partial<AccessOptions>) =>
  createAccess({ keys: [], rateLimit: 0, isForLoopback: false, now: () => 0, ...options });

function refusal(ask: () => unknown): AppError {
  try {
    ask();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error("it was not refused");
}

describe("API keys", () => {
  const { authorize } = accessWith({ keys });

  test("have the roles they were given, and admin has all", () => {
    const granted: [string, Role, boolean][] = [
      [predictor, "predict", true],
      [predictor, "feedback", true],
      [predictor, "read", false],
      [predictor, "admin", false],
      ...(["predict", "feedback", "read", "admin"] as const).map((role): [string, Role, boolean] => [
        administrator,
        role,
        true,
      ]),
    ];
    for (const [key, role, isGranted] of granted) {
      if (isGranted) expect(authorize(withKey(key), role, here)).toMatch(/^key [0-9a-f]{8}$/);
      else
        expect(refusal(() => authorize(withKey(key), role, here))).toMatchObject({
          code: "forbidden",
          message: `this needs a key with the role ${role}`,
        });
    }
  });

  test("are named by a fingerprint that stays the same when others come and go, so that keys can be rotated", () => {
    const name = authorize(withKey(predictor), "predict", here);
    const rotated = readApiKeys(`${"n".repeat(32)}:predict,${predictor}:predict`) as ApiKey[];
    const during = accessWith({ keys: rotated });
    expect(during.authorize(withKey(predictor), "predict", here)).toBe(name);
    expect(during.authorize(withKey("n".repeat(32)), "predict", here)).not.toBe(name);
    const after = accessWith({ keys: rotated.slice(0, 1) });
    expect(refusal(() => after.authorize(withKey(predictor), "predict", here)).code).toBe("unauthenticated");
  });

  test("are taken as a bearer token or as x-api-key; what is missing or unknown is told without the key", () => {
    expect(authorize(request({ "x-api-key": predictor }), "predict", here)).toStartWith("key ");
    expect(refusal(() => authorize(request(), "read", here)).message).toBe(
      "send an API key: authorization: Bearer <key>",
    );
    for (const guess of ["guess", predictor.slice(0, -1), `${predictor}x`, predictor.toUpperCase()])
      expect(refusal(() => authorize(withKey(guess), "predict", here)).message).toBe("this API key is not known");
  });

  test("are not in the settings: only what recognizes them is", () => {
    const config = readConfig({ API_KEYS: `${predictor}:read` });
    expect(Bun.inspect(config, { depth: 9 })).not.toContain(predictor);
    expect(config.API_KEYS[0]?.digest).toEqual(new Bun.CryptoHasher("sha256").update(predictor).digest() as Buffer);
  });

  test.each([
    ["short-key:read", "entry 1"],
    [`${predictor}:read,${administrator}:owner`, 'entry 2 names the role "owner"'],
    [`${predictor}:read,${predictor}:admin`, "entry 2 is a key that stands in the list already"],
    [`${predictor}:read,`, "entry 2"],
    [`${predictor}`, "entry 1"],
    [`${predictor}:`, "entry 1"],
    [`two words of a key:read`, "entry 1"],
  ])("are refused when the setting is wrong (%#), without telling any", (API_KEYS, message) => {
    const { code, message: told } = refusal(() => readConfig({ API_KEYS }));
    expect([code, told]).toEqual(["invalid_setting", expect.stringContaining(message)]);
    for (const secret of [predictor, administrator, "short-key", "two words"]) expect(told).not.toContain(secret);
  });
});

describe("the rate limit", () => {
  const limited = (options: Partial<AccessOptions> = {}) => {
    const clock = { time: 0 };
    const access = accessWith({ rateLimit: 2, now: () => clock.time, ...options });
    const send = (key: string | null, address = "192.0.2.1") => {
      const headers: AnswerHeaders = {};
      try {
        access.authorize(key ? withKey(key) : request(), "predict", () => address, headers);
        return { code: "ok", headers };
      } catch (error) {
        return { ...(error as AppError), code: (error as AppError).code, headers };
      }
    };
    return { clock, send };
  };

  test("gives each address its quota, fills it again at the rate, and says how it stands", () => {
    const { clock, send } = limited();
    expect(send(null).headers).toEqual({ "ratelimit-policy": '"requests";q=2;w=1', ratelimit: '"requests";r=1;t=1' });
    expect(send(null)).toMatchObject({ code: "ok", headers: { ratelimit: '"requests";r=0;t=1' } });
    expect(send(null)).toMatchObject({
      code: "rate_limited",
      retryAfter: 1,
      headers: { ratelimit: '"requests";r=0;t=1' },
    });
    expect(send(null, "192.0.2.2").code).toBe("ok");
    clock.time = 499;
    expect(send(null).code).toBe("rate_limited");
    clock.time = 500;
    expect(send(null).code).toBe("ok");
    expect(send(null).code).toBe("rate_limited");
  });

  test("is by key where there are keys, and by address for who guesses them", () => {
    const { send } = limited({ keys });
    for (const address of ["192.0.2.1", "192.0.2.2"]) expect(send(predictor, address).code).toBe("ok");
    expect(send(predictor, "192.0.2.3").code).toBe("rate_limited");
    expect(send(administrator, "192.0.2.1").code).toBe("ok");
    for (const expected of ["unauthenticated", "unauthenticated", "rate_limited"])
      expect(send("a-guess-at-some-key", "192.0.2.1").code).toBe(expected as "unauthenticated");
  });

  test("of less than one request per second tells how long to wait", () => {
    const { clock, send } = limited({ rateLimit: 0.1 });
    expect(send(null).headers).toEqual({ "ratelimit-policy": '"requests";q=1;w=10', ratelimit: '"requests";r=0;t=10' });
    clock.time = 2_500;
    expect(send(null)).toMatchObject({ code: "rate_limited", retryAfter: 8 });
    clock.time = 10_000;
    expect(send(null).code).toBe("ok");
  });

  test("forgets callers rather than fill the memory, and is not widened by a clock that is set back", () => {
    const { clock, send } = limited({ rateLimit: 1 });
    for (let i = 0; i < 10_001; i++) send(null, `198.51.${i >> 8}.${i & 255}`);
    expect(send(null, "198.51.39.16").code).toBe("rate_limited");
    expect(send(null, "198.51.0.0").code).toBe("ok");
    clock.time = -1e6;
    expect(send(null, "198.51.0.0").code).toBe("rate_limited");
  });

  test("counts an IPv6 network as one caller", () => {
    expect(callerAt("2001:db8:1:2:3:4:5:6")).toBe("2001:db8:1:2");
    expect(callerAt("2001:db8:1:2::6")).toBe("2001:db8:1:2");
    expect(callerAt("2001:db8::6")).toBe("2001:db8:0:0");
    expect(callerAt("::1")).toBe("0:0:0:0");
    expect(callerAt("::ffff:192.0.2.1")).toBe("::ffff:192.0.2.1");
    expect(callerAt("192.0.2.1")).toBe("192.0.2.1");
  });
});

describe("an open service on loopback", () => {
  const open = accessWith({ isForLoopback: true });

  test("answers only what was addressed to this machine, so that no site can reach it by a name of its own", () => {
    for (const url of ["http://localhost:8000/", "http://127.0.0.1/", "http://[::1]:8000/models"])
      expect(open.authorize(request({}, url), "read", here)).toBe("anyone");
    for (const url of ["http://rebound.example:8000/", "http://localhost.example/", "http://127.0.0.1.example:8000/"])
      expect(refusal(() => open.authorize(request({}, url), "read", here)).code).toBe("forbidden");
  });

  test("is not changed by pages of other sites", () => {
    const change = (headers: Record<string, string>) => () => open.authorize(request(headers), "admin", here);
    for (const headers of [
      {},
      { "sec-fetch-site": "same-origin", origin: "http://localhost:8000" },
      { "sec-fetch-site": "none" },
      { origin: "http://localhost:8000" },
    ] as Record<string, string>[])
      expect(change(headers)()).toBe("anyone");
    for (const headers of [
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site", origin: "http://localhost:3000" },
      { origin: "https://elsewhere.example" },
      { origin: "http://localhost:3000" },
      { origin: "null" },
    ] as Record<string, string>[])
      expect(refusal(change(headers)).code).toBe("forbidden");
  });
});
