import { Command } from "commander";
import { runCommand } from "../../src/command.ts";
import { AppError } from "../../src/errors.ts";
import { verdictOf } from "./audit-verdict.ts";

async function audit({ required }: { required: boolean }): Promise<void> {
  const child = Bun.spawn([process.execPath, "audit"], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  process.stdout.write(stdout);
  const { isClean, unreachable } = verdictOf({ exitCode, stdout, stderr });
  if (isClean) return;
  if (unreachable === null)
    throw new AppError("invalid_data", "packages with known flaws (above): update them, or bun audit --help");
  if (required) throw new AppError("unavailable", `known flaws of packages were not looked up: ${unreachable}`);
  process.stderr.write(
    `warning: NOT AUDITED: the registry does not tell known flaws here (${unreachable}); where it must, pass --required\n`,
  );
}

const command = new Command("audit")
  .description("Asks the registry for known flaws of the locked packages (bun audit), and says so when it cannot")
  .option("--required", "fail when the registry does not answer", false)
  .action(audit);
await runCommand(command, process.env);
