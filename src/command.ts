import { type Command, CommanderError, InvalidArgumentError } from "commander";
import { AppError, type ErrorCode, messageOf } from "./errors.ts";
import { storageFailureOf } from "./storage/failure.ts";

/** Exit codes as in sysexits.h where one fits; 1 is a defect of this program. */
const exitCodes: Partial<Record<ErrorCode, number>> = {
  invalid_input: 65,
  invalid_data: 65,
  not_found: 66,
  unavailable: 69,
  conflict: 75,
  invalid_setting: 78,
  cancelled: 130,
};

/**
 * Runs a command line to its end and ends the process: exit code 0 only on success, and an error as one line
 * on stderr (with its stack when LOG_LEVEL=debug).
 */
export async function runCommand(command: Command, environment: Record<string, string | undefined>): Promise<never> {
  command.exitOverride().showHelpAfterError("(--help lists what is possible)").allowExcessArguments(false);
  try {
    await command.parseAsync();
    process.exit(0);
  } catch (thrown) {
    const error = storageFailureOf(thrown) ?? thrown;
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 64);
    process.stderr.write(`error: ${messageOf(error).replaceAll("\n", " ")}\n`);
    if (environment.LOG_LEVEL === "debug" && error instanceof Error) process.stderr.write(`${error.stack}\n`);
    process.exit(error instanceof AppError ? (exitCodes[error.code] ?? 70) : 1);
  }
}

/**
 * The parser of an option that takes a whole number in decimal digits, from `least` on.
 * @throws InvalidArgumentError for anything else: an empty text, a sign, a fraction, `1e3`, `0x10`, beyond 2^53 − 1.
 */
export const wholeNumberFrom =
  (least: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least)
      throw new InvalidArgumentError(`expected a whole number from ${least}`);
    return value;
  };
