import type { Finding } from "./result.ts";

/**
 * Differences in what only the schema file declares and the release's own statements never name: a hand-written statement may
 * depend on it, so they are told, and nothing of them closes the gate.
 */
export function asUnused(findings: readonly Finding[]): readonly Finding[] {
  return findings.map(({ object, kind, expected, found, from, address, next }): Finding => ({
    severity: "warning",
    object,
    kind,
    expected,
    found,
    from,
    effect:
      "no statement of the ORM names it, for the schema file has it ignored; SQL written by hand may",
    address,
    next,
  }));
}
