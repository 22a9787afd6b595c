import type {
  SessionProblem,
  SimulatedSession,
  SourcedEffect,
  StatementGroup,
  TransactionMode,
  World,
} from "../effects/index.ts";
import type { QualifiedName, Statement } from "../sql/index.ts";
import { rulesOn } from "./evaluate-dispatch.ts";
import type { RuleConfig } from "./configured.ts";
import { findingsOf, type Said } from "./evaluate-findings.ts";
import { strongLocks } from "./evaluate-locks.ts";
import { FileWalk } from "./evaluate-walk.ts";
import type { Finding } from "./finding.ts";
import type {
  CheckedStatement,
  EarlierFile,
  Rule,
  RuleContext,
  Settled,
  StatementInput,
  Verdict,
} from "./rule.ts";
import type { Baseline } from "./suppression-baseline.ts";
import { suppress, type SuppressedFinding } from "./suppression.ts";

/** What the effect of a statement is asked with. */
export type EffectQuestion = Pick<
  StatementInput,
  "file" | "statement" | "world" | "existing" | "session"
>;

export interface FileToEvaluate {
  /** As it is shown in findings. */
  readonly file: string;
  readonly text: string;
  readonly statements: readonly Statement[];
  readonly transaction: TransactionMode;
  /** How a runner cuts the file, for the mode `units`. */
  readonly groups?: readonly StatementGroup[];
  /** The catalog before the file. It is changed in place; go on with the `world` that comes back. */
  readonly world: World;
  readonly session: SimulatedSession;
  /** What a statement does: predicted, or observed by running it. */
  readonly effectOf: (question: EffectQuestion) => SourcedEffect | Promise<SourcedEffect>;
  readonly context: RuleContext;
  readonly rules: readonly Rule[];
  readonly config?: RuleConfig;
  readonly baseline?: Baseline;
  /** The files before it in the same run. */
  readonly earlier?: readonly EarlierFile[];
  /** Whether a file that takes it back stands beside it; left out where the folder has none such. */
  readonly hasDown?: boolean | undefined;
}

export interface EvaluatedFile {
  /** By line, then severity, then the order of the rules. */
  readonly findings: readonly Finding[];
  readonly suppressed: readonly SuppressedFinding[];
  readonly statements: readonly CheckedStatement[];
  readonly problems: readonly SessionProblem[];
  /** The catalog after the file. */
  readonly world: World;
  /**
   * Findings that a later file of the run may see to. Whoever runs several files asks with the catalog after the last
   * one, and leaves out those that answer true.
   */
  readonly open: ReadonlyMap<Finding, Settled>;
  /** What later files are told of this one. */
  readonly summary: EarlierFile;
}

/**
 * Goes through the statements of one file in order: asks for the effect of each, shows it to every rule, then moves
 * the session and the catalog past it. A statement that cannot succeed changes neither.
 */
export async function evaluateFile(input: FileToEvaluate): Promise<EvaluatedFile> {
  const { file, statements, session } = input;
  const rules = rulesOn(input.rules, input.config);
  const walk = new FileWalk(input);
  const said: Said[] = [];
  session.startFile(file, statements, input.groups);
  for (const statement of statements) {
    const state = session.before(statement);
    const given = input.effectOf(walk.question(statement, state));
    const asked = walk.pass(statement, state, given instanceof Promise ? await given : given);
    const about = rules.about(asked);
    for (let index = 0; index < about.length; index++)
      hear(said, about[index]!, about[index]!.statement!(asked));
    session.after(statement, asked.effect);
    walk.leave(statement);
  }
  const problems = session.endFile();
  const { checked, world } = walk;
  const whole = walk.end(problems);
  for (const rule of rules.aboutFile(checked)) hear(said, rule, rule.file!(whole));
  const located = findingsOf(said, input);
  const { findings, suppressed } = await suppress(located, input, checked);
  const open = new Map<Finding, Settled>();
  for (const { finding, settled } of located) if (settled !== undefined) open.set(finding, settled);
  const locked = new Set<QualifiedName>();
  for (const { effect } of checked)
    for (const { relation } of strongLocks(effect)) locked.add(relation);
  const summary = { file, locked: [...locked] };
  return { findings, suppressed, statements: checked, problems, world, open, summary };
}

function hear(said: Said[], rule: Rule, verdicts: Iterable<Verdict>): void {
  if (Array.isArray(verdicts) && verdicts.length === 0) return;
  for (const verdict of verdicts) said.push({ rule, verdict });
}
