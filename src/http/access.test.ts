import { expect, test } from "bun:test";
import { createAccess } from "./access.ts";

const request = (key?: string) => new Request("http://localhost/", key ? { headers: { "x-api-key": key } } : {});
const here = () => "127.0.0.1";

test("a caller may send as many requests per second as the limit, others are not held up", () => {
  let time = 0;
  const access = createAccess("", 2, () => time);
  const send = (address: string) => access.authorize(request(), "predict", () => address);
  send("a");
  send("a");
  expect(() => send("a")).toThrow("more than 2 requests per second");
  send("b");
  time = 500;
  send("a");
  expect(() => send("a")).toThrow("more than 2 requests per second");
});

test("a key has the roles it was given, admin has all, and errors tell no key", () => {
  const access = createAccess("predictor1:predict+feedback,adminkey1:admin", 0, () => 0);
  expect(access.authorize(request("predictor1"), "feedback", here)).toBe("key 1");
  expect(access.authorize(request("adminkey1"), "read", here)).toBe("key 2");
  expect(() => access.authorize(request("predictor1"), "admin", here)).toThrow(/role admin/);
  expect(() => access.authorize(request("guess"), "read", here)).toThrow(/^this API key is not known$/);
  expect(() => access.authorize(request(), "read", here)).toThrow("authorization: Bearer");
  expect(() => createAccess("some-key-1:owner", 0, () => 0)).toThrow('"owner"');
});
