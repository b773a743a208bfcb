export interface AuditRun {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/**
 * What a run of `bun audit` means. It exits with 1 both when packages have known flaws, which it lists on stdout, and when the
 * registry could not be asked, which it says on stderr.
 */
export function verdictOf({ exitCode, stdout, stderr }: AuditRun): { isClean: boolean; unreachable: string | null } {
  if (exitCode === 0) return { isClean: true, unreachable: null };
  const reason = stderr.match(/^error: (.*)$/m)?.[1]?.replace(/https?:\/\/[^\s/]+/, "");
  const listsFlaws = /\bvulnerabilit(y|ies)\b/i.test(stdout);
  return { isClean: false, unreachable: !listsFlaws && reason ? reason : null };
}
