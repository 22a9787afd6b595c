import type { Finding } from "../../src/rules/index.ts";
import type { RuleCase } from "./support-cases.ts";

/** Findings in the form of the marks, so that a difference reads well. */
export function marks(findings: readonly Finding[]): readonly string[] {
  return findings
    .map(({ line, rule, severity }) => `line ${line}: ${severity === "info" ? "i" : "!"} ${rule}`)
    .sort();
}

/** The marks of a case in the same form. */
export function expected(one: RuleCase): readonly string[] {
  return one.expected
    .map(({ line, rule, level }) => `line ${line}: ${level === "info" ? "i" : "!"} ${rule}`)
    .sort();
}
