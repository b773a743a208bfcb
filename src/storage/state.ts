import { type Database, prepare } from "./database.ts";

export type StateStore = ReturnType<typeof createStateStore>;

/** Small named values that a restart must not forget. */
export function createStateStore(database: Database) {
  const get = prepare<{ value: string }, [string]>(database, "SELECT value FROM state WHERE name = ?");
  const put = prepare<null, [string, string]>(
    database,
    "INSERT INTO state (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
  );
  return {
    get: (name: string): string | null => get.get(name)?.value ?? null,
    put: (name: string, value: string) => void put.run(name, value),
  };
}
