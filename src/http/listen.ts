import type { Config } from "../config.ts";
import { AppError, messageOf } from "../errors.ts";

/** @throws AppError `conflict` when the address cannot be listened at. */
export function listen(
  app: { listen(address: { hostname: string; port: number }): unknown },
  { HOST, PORT }: Pick<Config, "HOST" | "PORT">,
): void {
  try {
    app.listen({ hostname: HOST, port: PORT });
  } catch (error) {
    const isTaken = (error as { code?: string }).code === "EADDRINUSE";
    const reason = isTaken
      ? `port ${PORT} is in use: stop what listens there, or set PORT`
      : `cannot listen on ${HOST}:${PORT}: ${messageOf(error)}`;
    throw new AppError("conflict", reason, { cause: error });
  }
}

/** Where a caller on this machine finds what listens at a host: one that listens at every address is called by one of them. */
export function urlToCall(host: string, port: number | undefined): string {
  const isEverywhere = host === "0.0.0.0" || host === "::";
  const name = isEverywhere ? "localhost" : host.includes(":") ? `[${host}]` : host;
  return `http://${name}:${port}`;
}
