import { asConfigured, compareFindings, type RuleConfig } from "./configured.ts";
import type { Finding } from "./finding.ts";
import { innerLines } from "./inner-lines.ts";
import { isMeasured } from "./measured/is-measured.ts";
import type { CheckedStatement, Rule, Settled, Verdict } from "./rule.ts";

/** A verdict and who gave it. */
export interface Said {
  readonly rule: Rule;
  readonly verdict: Verdict;
}

/** A finding and the statement that it is about. */
export interface Located {
  readonly finding: Finding;
  readonly at: CheckedStatement;
  readonly settled: Settled | undefined;
}

/** Verdicts of rules that are on as findings, without those that another rule says better, in a stable order. */
export function findingsOf(
  said: readonly Said[],
  { text, config }: { readonly text: string; readonly config?: RuleConfig },
): readonly Located[] {
  if (said.length === 0) return [];
  const located: Located[] = [];
  const sources = new Map<CheckedStatement["statement"], string>();
  for (const { rule, verdict } of withoutSuperseded(said)) {
    const { at, settled } = verdict;
    let source = sources.get(at.statement);
    if (source === undefined) sources.set(at.statement, (source = sourceText(at)));
    const own = finding(rule, verdict, text, source);
    const isLowered = own.severity === "info" && rule.severity !== "info";
    if (isLowered) located.push({ at, settled, finding: own });
    else for (const one of asConfigured(own, config)) located.push({ at, settled, finding: one });
  }
  return located.sort((a, b) => compareFindings(a.finding, b.finding));
}

/**
 * Of several rules that name one cause at one statement, the one that says most is heard. A verdict that its rule raised to
 * an error has a cause of its own: only a statement that cannot succeed at all silences it.
 */
function withoutSuperseded(said: readonly Said[]): readonly Said[] {
  const above = said.filter(({ rule }) => rule.supersedes !== undefined);
  if (above.length === 0) return said;
  return said.filter(({ rule, verdict }) => {
    const { statement } = verdict.at;
    const isRaised = rule.severity !== "error" && verdict.severity === "error";
    return !above.some(
      ({ rule: other, verdict: { at } }) =>
        at.statement === statement &&
        other.id !== rule.id &&
        ((!isRaised && other.supersedes!.includes(rule.id)) || other.supersedes![0] === "*"),
    );
  });
}

function finding(
  rule: Rule,
  { at, severity, message, why, wayOut }: Verdict,
  text: string,
  source: string,
): Finding {
  const { start, end, line } = at.statement;
  return {
    rule: rule.id,
    severity: severity ?? rule.severity,
    file: at.file,
    line,
    column: columnOf(text, start),
    endLine: line + countLines(text, start, end),
    endColumn: columnOf(text, end),
    message: `${message}${innerLines(at, message)}`,
    why,
    source,
    wayOut,
    docs: `docs/rules/${rule.id}.md`,
  };
}

/** 1-based, in UTF-16 units. */
export function columnOf(text: string, offset: number): number {
  return offset === 0 ? 1 : offset - text.lastIndexOf("\n", offset - 1);
}

function countLines(text: string, from: number, to: number): number {
  let lines = 0;
  for (let at = text.indexOf("\n", from); at !== -1 && at < to; at = text.indexOf("\n", at + 1))
    lines++;
  return lines;
}

/** Where the facts come from, in words. */
function sourceText({ source, statement }: CheckedStatement): string {
  if (source.kind === "observed") return `observed on ${source.on}`;
  const predicted = `predicted for ${source.major} from the parse tree and catalog`;
  return isMeasured(statement, source.major)
    ? `${predicted}; statements of this form are measured (docs/locks.md)`
    : `${predicted}, by rules from Postgres' source; this form is not among the measured ones (docs/locks.md)`;
}
