import { expect, test } from "bun:test";
import { createRecentUsers } from "./recent-users.ts";

test("recent predictions of users are counted, found in order, and forgotten one by one or up to one", () => {
  const recent = createRecentUsers();
  for (const [hash, seq] of [
    [7, 1],
    [8, 2],
    [7, 3],
    [9, 4],
    [7, 5],
  ] as const)
    recent.add(hash, seq);
  expect([recent.length, recent.ofUser(7), recent.ofUser(8), recent.ofUser(1)]).toEqual([5, [1, 3, 5], [2], []]);
  recent.remove(7, new Set([3, 99]));
  recent.remove(9, new Set([4]));
  expect([recent.length, recent.ofUser(7), recent.ofUser(9)]).toEqual([3, [1, 5], []]);
  recent.forget(2);
  expect([recent.length, recent.ofUser(7), recent.ofUser(8)]).toEqual([1, [5], []]);
});
