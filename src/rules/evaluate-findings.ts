import type { Statement } from "../sql/index.ts";
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
  return withoutSuperseded(said)
    .flatMap(({ rule, verdict }) => {
      const { at, settled } = verdict;
      const own = finding(rule, verdict, text);
      const isLowered = own.severity === "info" && rule.severity !== "info";
      const heard = isLowered ? [own] : asConfigured(own, config);
      return heard.map((one) => ({ at, settled, finding: one }));
    })
    .sort((a, b) => compareFindings(a.finding, b.finding));
}

/**
 * Of several rules that name one cause at one statement, the one that says most is heard. A verdict that its rule raised to
 * an error has a cause of its own: only a statement that cannot succeed at all silences it.
 */
function withoutSuperseded(said: readonly Said[]): readonly Said[] {
  const speakers = new Map<Statement, Rule[]>();
  for (const { rule, verdict } of said) {
    const list = speakers.get(verdict.at.statement);
    if (list === undefined) speakers.set(verdict.at.statement, [rule]);
    else list.push(rule);
  }
  return said.filter(({ rule, verdict }) => {
    const isRaised = rule.severity !== "error" && verdict.severity === "error";
    return (
      speakers
        .get(verdict.at.statement)
        ?.some(
          (other) =>
            other.id !== rule.id &&
            ((!isRaised && other.supersedes?.includes(rule.id) === true) ||
              other.supersedes?.[0] === "*"),
        ) !== true
    );
  });
}

function finding(
  rule: Rule,
  { at, severity, message, why, wayOut }: Verdict,
  text: string,
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
    source: sourceText(at),
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
