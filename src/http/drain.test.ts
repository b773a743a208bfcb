import { expect, test } from "bun:test";
import { drain } from "./drain.ts";

const secondsOf = async (server: { readonly pendingRequests: number }) => {
  const started = performance.now();
  await drain(server);
  return (performance.now() - started) / 1000;
};

test("a server that nobody asks is stopped soon, one that is asked on and on within little more than a second", async () => {
  let asked = 0;
  const busy = {
    get pendingRequests() {
      return asked++ === 0 ? 5 : 1;
    },
  };
  const [idle, loaded] = await Promise.all([secondsOf({ pendingRequests: 0 }), secondsOf(busy)]);
  expect(idle).toBeLessThan(0.4);
  expect(loaded).toBeGreaterThan(0.9);
  expect(loaded).toBeLessThan(2);
});

test("a server under load is stopped when as many as ever are being answered", async () => {
  const waves = [1, 7, 16, 9, 0];
  let asked = 0;
  let last = 0;
  const server = {
    get pendingRequests() {
      last = waves[asked++ % waves.length] as number;
      return last;
    },
  };
  await drain(server);
  expect(last).toBe(16);
});
