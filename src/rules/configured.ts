import type { Finding, Severity } from "./finding.ts";
import type { Rule } from "./rule.ts";

/** What a person decided about rules. */
export interface RuleConfig {
  /**
   * By rule id: another severity, `off`, or `on` (an advice rule at its own severity). A verdict that a rule itself
   * lowered to `info`, because the table is small, stays there.
   */
  readonly severity: Readonly<Record<string, Severity | "off" | "on">>;
}

/** True when the rule is to be heard: advice only when it was asked for. */
export function isOn(rule: Rule, config?: RuleConfig): boolean {
  const wanted = config?.severity[rule.id];
  return wanted === undefined ? rule.kind === "hazard" : wanted !== "off";
}

/** The finding at the severity that the config wants for its rule; none where the rule is switched off. */
export function asConfigured(finding: Finding, config: RuleConfig | undefined): readonly Finding[] {
  const wanted = config?.severity[finding.rule];
  if (wanted === "off") return [];
  return [wanted === undefined || wanted === "on" ? finding : { ...finding, severity: wanted }];
}

const severities: readonly Severity[] = ["error", "warning", "info"];

/** By file, line, severity, then rule. */
export function compareFindings(a: Finding, b: Finding): number {
  return (
    compareText(a.file, b.file) ||
    a.line - b.line ||
    severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
    compareText(a.rule, b.rule)
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
