import type { Statement } from "../sql/index.ts";
import { asConfigured, isOn, type RuleConfig } from "./configured.ts";
import type { Located } from "./evaluate-findings.ts";
import type { Finding } from "./finding.ts";
import type { CheckedStatement, Rule } from "./rule.ts";
import { statementHash, type Baseline } from "./suppression-baseline.ts";
import { suppressionComments, type SuppressionComment } from "./suppression-comments.ts";
import { staleSuppression, suppressionWithoutReason } from "./suppression-rules.ts";

/** A finding that a person decided not to hear. */
export interface SuppressedFinding {
  readonly finding: Finding;
  readonly reason: string;
  readonly by: "comment" | "file comment" | "baseline" | "plan";
}

export interface Suppressed {
  readonly findings: readonly Finding[];
  readonly suppressed: readonly SuppressedFinding[];
}

interface SuppressInput {
  readonly file: string;
  readonly text: string;
  readonly rules: readonly Rule[];
  readonly config?: RuleConfig;
  readonly baseline?: Baseline;
}

/** One rule that one place asks to be silent. */
interface Request {
  readonly rule: string;
  readonly reason: string | undefined;
  readonly by: SuppressedFinding["by"];
  readonly file: string;
  readonly line: number;
  readonly matches: (located: Located) => boolean;
  used: boolean;
}

/**
 * Takes out what comments and the baseline ask to be silent about. A request without a reason does nothing but give a
 * finding, and so does one that has nothing to silence.
 */
export async function suppress(
  located: readonly Located[],
  input: SuppressInput,
  statements: readonly CheckedStatement[],
): Promise<Suppressed> {
  const requests = [
    ...commentRequests(await suppressionComments(input.text), input.file, statements),
    ...(await baselineRequests(input.baseline, input.file, statements)),
  ];
  if (requests.length === 0)
    return { findings: located.map(({ finding }) => finding), suppressed: [] };
  const findings: Finding[] = [];
  const suppressed: SuppressedFinding[] = [];
  for (const one of located) {
    const asking = requests.filter(
      ({ rule, reason, matches }) =>
        rule === one.finding.rule && reason !== undefined && matches(one),
    );
    for (const request of asking) request.used = true;
    const [first] = asking;
    if (first?.reason === undefined) findings.push(one.finding);
    else suppressed.push({ finding: one.finding, reason: first.reason, by: first.by });
  }
  return { findings: [...findings, ...complaints(requests, input)], suppressed };
}

function commentRequests(
  comments: readonly SuppressionComment[],
  file: string,
  statements: readonly CheckedStatement[],
): readonly Request[] {
  return comments.flatMap((comment) => {
    const target =
      comment.scope === "file" ? undefined : statementOf(comment, statements)?.statement;
    const named = comment.rules.length === 0 ? [""] : comment.rules;
    return named.map((rule) => ({
      rule,
      reason: comment.reason,
      by: comment.scope === "file" ? ("file comment" as const) : ("comment" as const),
      file,
      line: comment.line,
      matches: ({ at }: Located) => comment.scope === "file" || at.statement === target,
      used: false,
    }));
  });
}

/** The statement around the comment, or the one that ends on its line, or else the next. */
function statementOf(
  comment: SuppressionComment,
  statements: readonly CheckedStatement[],
): CheckedStatement | undefined {
  const next = statements.find(({ statement }) => statement.end > comment.start);
  if (next !== undefined && next.statement.start <= comment.start) return next;
  const previous = statements.findLast(({ statement }) => statement.end <= comment.start);
  const trails =
    previous !== undefined &&
    previous.statement.end > comment.lineStart &&
    (next === undefined || next.statement.start >= comment.lineEnd);
  return trails ? previous : next;
}

async function baselineRequests(
  baseline: Baseline | undefined,
  file: string,
  statements: readonly CheckedStatement[],
): Promise<readonly Request[]> {
  const entries = baseline?.entries.filter((entry) => entry.file === file) ?? [];
  if (baseline === undefined || entries.length === 0) return [];
  const hashes = new Map<Statement, string>();
  for (const { statement } of statements) hashes.set(statement, await statementHash(statement.sql));
  return entries.map(({ rule, reason, statement, line }) => ({
    rule,
    reason,
    by: "baseline" as const,
    file: baseline.path,
    line,
    matches: ({ at }: Located) => hashes.get(at.statement) === statement,
    used: false,
  }));
}

function complaints(requests: readonly Request[], input: SuppressInput): readonly Finding[] {
  const known = new Map(input.rules.map((rule) => [rule.id, rule]));
  const found: Finding[] = [];
  for (const { rule, reason, file, line, used } of requests) {
    const target = known.get(rule);
    const where = { file, line };
    if (rule === "") found.push(staleSuppression.because(where, "no rule", "it names none"));
    else if (target === undefined)
      found.push(staleSuppression.because(where, rule, `there is no rule named ${rule}`));
    else if (reason === undefined) found.push(suppressionWithoutReason.because(where, rule));
    // A rule that is switched off cannot tell whether it is still needed.
    else if (!used && isOn(target, input.config))
      found.push(staleSuppression.because(where, rule, `${rule} has nothing to say here`));
  }
  return found.flatMap((finding) => asConfigured(finding, input.config));
}
