import type { z } from "zod";
import { validate } from "../json.ts";

/**
 * @returns reads the parameters of a request's address; one that is given twice is a list. It throws AppError `invalid_input`.
 */
export function createQueryReader<S extends z.ZodType>(schema: S) {
  // Most requests have none: taking an empty address apart, and checking nothing, would cost as much as checking something.
  let none: z.output<S> | undefined;

  return function readQuery({ url }: Request): z.output<S> {
    const start = url.indexOf("?");
    if (start < 0) {
      none ??= validate(schema, {});
      return none;
    }
    const parameters = new URLSearchParams(url.slice(start));
    const values = [...new Set(parameters.keys())].map((name) => {
      const all = parameters.getAll(name);
      return [name, all.length === 1 ? all[0] : all];
    });
    return validate(schema, Object.fromEntries(values));
  };
}
