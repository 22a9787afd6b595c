import {
  breaksOf,
  copyWorld,
  fold,
  mergeChanges,
  noChanges,
  objectsOf,
  recordChanges,
  type SessionProblem,
  type SimulatedSession,
  type SourcedEffect,
  type StatementGroup,
  type TransactionMode,
  type World,
  searchPathOf,
  unrecordedFacts,
} from "../effects/index.ts";
import type { Statement } from "../sql/index.ts";
import { catalogBefore } from "./evaluate-before.ts";
import { findingsOf, isOn, type RuleConfig, type Said } from "./evaluate-findings.ts";
import { cannotSucceed, strongLocks } from "./evaluate-locks.ts";
import { RollbackPoints } from "./evaluate-rollback.ts";
import type { Finding } from "./finding.ts";
import { StatementSource } from "./fix-source.ts";
import type {
  CheckedStatement,
  EarlierFile,
  FileInput,
  Rule,
  RuleContext,
  Settled,
  StatementInput,
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
  const { file, text, statements, transaction, session, context } = input;
  const rules = input.rules.filter((rule) => isOn(rule, input.config));
  const asking = rules.filter(({ statement }) => statement !== undefined);
  const rollbacks = new RollbackPoints(statements);
  const checked: CheckedStatement[] = [];
  const said: Said[] = [];
  let { world } = input;
  const existing = objectsOf(world);
  const snapshot = rollbacks.expected ? copyWorld(world) : undefined;
  const wholeChanges = noChanges();
  const atStart = unrecordedFacts(world);
  session.startFile(file, statements, input.groups);
  for (const statement of statements) {
    const state = session.before(statement);
    rollbacks.before(world, state);
    const question = { file, statement, world, existing, session: state };
    const { effect: given, source } = await input.effectOf(question);
    const happens = !state.failed && !cannotSucceed(given, state.inTransaction);
    const folded = happens && changesCatalog(statement);
    const unrecorded = unrecordedFacts(world);
    const changes = recordChanges(world, () => {
      const { inTransaction } = state;
      if (folded) fold(statement, world, { searchPath: searchPathOf(state), inTransaction });
    });
    const breaks = given.breaks.length > 0 ? given.breaks : breaksOf(changes, world, existing);
    const one: CheckedStatement = {
      file,
      statement,
      session: state,
      effect: { ...given, breaks },
      source,
    };
    checked.push(one);
    if (folded) mergeChanges(wholeChanges, changes);
    const before = folded ? catalogBefore(world, changes, unrecorded) : unchanged(world);
    const asked: StatementInput = {
      ...one,
      context,
      transaction,
      get world() {
        return before();
      },
      after: world,
      existing,
      get before() {
        return checked.slice(0, -1);
      },
      text: new StatementSource(text, statement),
    };
    for (const rule of asking)
      for (const verdict of rule.statement!(asked)) said.push({ rule, verdict });
    session.after(statement, one.effect);
    world = rollbacks.after(statement, world);
  }
  const problems = session.endFile();
  const start =
    snapshot === undefined ? catalogBefore(world, wholeChanges, atStart) : unchanged(snapshot);
  const whole: FileInput = {
    context,
    file,
    text,
    transaction,
    statements: checked,
    problems,
    get before() {
      return start();
    },
    world,
    existing,
    earlier: input.earlier ?? [],
    hasDown: input.hasDown,
  };
  for (const rule of rules)
    for (const verdict of rule.file?.(whole) ?? []) said.push({ rule, verdict });
  const located = findingsOf(said, input);
  const { findings, suppressed } = await suppress(located, input, checked);
  const open = new Map(
    located.flatMap(({ finding, settled }) => (settled === undefined ? [] : [[finding, settled]])),
  );
  const locked = checked.flatMap(({ effect }) => strongLocks(effect).map((lock) => lock.relation));
  const summary = { file, locked: [...new Set(locked)] };
  return { findings, suppressed, statements: checked, problems, world, open, summary };
}

function unchanged(world: World): () => World {
  return () => world;
}

/** Statements that leave the catalog as it is, so that no snapshot is needed. */
const catalogStays = new Set([
  "DeleteStmt",
  "InsertStmt",
  "MergeStmt",
  "UpdateStmt",
  "VariableSetStmt",
]);

function changesCatalog({ kind }: Statement): boolean {
  return !catalogStays.has(kind);
}
