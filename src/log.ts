import pino from "pino";
import pretty from "pino-pretty";
import type { Config } from "./config.ts";

export type Logger = pino.Logger;

/** Log lines on stderr: JSON, or for people when stderr is a terminal. */
export function createLogger(level: Config["LOG_LEVEL"], isTerminal: boolean): Logger {
  const stream = isTerminal
    ? pretty({ destination: 2, ignore: "pid,hostname", translateTime: "SYS:HH:MM:ss", sync: true })
    : pino.destination({ dest: 2, sync: true });
  return pino({ level, base: null }, stream);
}
