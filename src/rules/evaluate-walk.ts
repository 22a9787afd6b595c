import {
  breaksOf,
  copyWorld,
  fold,
  mergeChanges,
  noChanges,
  objectsOf,
  recordChanges,
  searchPathOf,
  unrecordedSince,
  type Effect,
  type FactSource,
  type ObjectIds,
  type SessionProblem,
  type SessionState,
  type SourcedEffect,
  type TransactionMode,
  type UnrecordedFacts,
  type World,
} from "../effects/index.ts";
import type { Statement } from "../sql/index.ts";
import { catalogBefore } from "./evaluate-before.ts";
import { cannotSucceed } from "./evaluate-locks.ts";
import { RollbackPoints } from "./evaluate-rollback.ts";
import type { EffectQuestion, FileToEvaluate } from "./evaluate.ts";
import { StatementSource } from "./fix-source.ts";
import type {
  CheckedStatement,
  EarlierFile,
  FileInput,
  RuleContext,
  StatementInput,
} from "./rule.ts";

/**
 * The catalog on its way through a file, statement by statement, and what rules are shown of it. A statement that cannot
 * succeed changes nothing.
 */
export class FileWalk {
  readonly checked: CheckedStatement[] = [];
  readonly #input: FileToEvaluate;
  readonly #existing: ObjectIds;
  readonly #rollbacks: RollbackPoints;
  readonly #changes = noChanges();
  readonly #atStart: () => World;
  #world: World;
  /** As the latest statement found it. */
  #unrecorded: UnrecordedFacts;

  constructor(input: FileToEvaluate) {
    const { world, statements } = input;
    this.#input = input;
    this.#existing = objectsOf(world);
    this.#rollbacks = new RollbackPoints(statements);
    this.#world = world;
    const unrecorded = unrecordedSince(undefined, world);
    this.#unrecorded = unrecorded;
    const snapshot = this.#rollbacks.expected ? copyWorld(world) : undefined;
    this.#atStart =
      snapshot === undefined
        ? () => catalogBefore(this.#world, this.#changes, unrecorded)()
        : () => snapshot;
  }

  /** The catalog now. */
  get world(): World {
    return this.#world;
  }

  question(statement: Statement, session: SessionState): EffectQuestion {
    this.#rollbacks.before(this.#world, session);
    const { file } = this.#input;
    return { file, statement, world: this.#world, existing: this.#existing, session };
  }

  /** Moves the catalog past the statement; gives what rules of statements are shown. */
  pass(
    statement: Statement,
    session: SessionState,
    { effect: given, source }: SourcedEffect,
  ): StatementInput {
    const world = this.#world;
    const happens = !session.failed && !cannotSucceed(given, session.inTransaction);
    let breaks = given.breaks;
    let before = () => world;
    if (happens && !catalogStays.has(statement.kind)) {
      const unrecorded = unrecordedSince(this.#unrecorded, world);
      this.#unrecorded = unrecorded;
      const { inTransaction } = session;
      const changes = recordChanges(world, () => {
        fold(statement, world, { searchPath: searchPathOf(session), inTransaction });
      });
      if (breaks.length === 0) breaks = breaksOf(changes, world, this.#existing);
      mergeChanges(this.#changes, changes);
      before = catalogBefore(world, changes, unrecorded);
    }
    const { file, text, context, transaction } = this.#input;
    const one = { file, statement, session, effect: { ...given, breaks }, source };
    const place = this.checked.push(one) - 1;
    const earlier = () => this.checked.slice(0, place);
    const shown = { ...one, context, transaction, after: world, existing: this.#existing };
    return new AskedStatement(shown, before, earlier, new StatementSource(text, statement));
  }

  /** To be called when all have seen the statement: one that rolls back brings an earlier catalog. */
  leave(statement: Statement): void {
    this.#world = this.#rollbacks.after(statement, this.#world);
  }

  /** What rules of files are shown. */
  end(problems: readonly SessionProblem[]): FileInput {
    return new AskedFile(
      this.#input,
      this.checked,
      problems,
      this.#world,
      this.#existing,
      this.#atStart,
    );
  }
}

/** Statements that leave the catalog as it is. */
const catalogStays: ReadonlySet<string> = new Set([
  "DeleteStmt",
  "InsertStmt",
  "MergeStmt",
  "UpdateStmt",
  "VariableSetStmt",
]);

type Shown = Omit<StatementInput, "world" | "before" | "text">;

/** A class, so that all have one shape: every rule looks into them. */
class AskedStatement implements StatementInput {
  readonly file: string;
  readonly statement: Statement;
  readonly session: SessionState;
  readonly effect: Effect;
  readonly source: FactSource;
  readonly context: RuleContext;
  readonly transaction: TransactionMode;
  readonly after: World;
  readonly existing: ObjectIds;
  readonly text: StatementSource;
  readonly #world: () => World;
  readonly #before: () => readonly CheckedStatement[];

  constructor(
    shown: Shown,
    world: () => World,
    before: () => readonly CheckedStatement[],
    text: StatementSource,
  ) {
    this.file = shown.file;
    this.statement = shown.statement;
    this.session = shown.session;
    this.effect = shown.effect;
    this.source = shown.source;
    this.context = shown.context;
    this.transaction = shown.transaction;
    this.after = shown.after;
    this.existing = shown.existing;
    this.text = text;
    this.#world = world;
    this.#before = before;
  }

  get world(): World {
    return this.#world();
  }

  get before(): readonly CheckedStatement[] {
    return this.#before();
  }
}

/** The same for files. */
class AskedFile implements FileInput {
  readonly context: RuleContext;
  readonly file: string;
  readonly text: string;
  readonly transaction: TransactionMode;
  readonly statements: readonly CheckedStatement[];
  readonly problems: readonly SessionProblem[];
  readonly world: World;
  readonly existing: ObjectIds;
  readonly earlier: readonly EarlierFile[];
  readonly hasDown: boolean | undefined;
  readonly #makeBefore: () => World;
  #before: World | undefined;

  constructor(
    { context, file, text, transaction, earlier = [], hasDown }: FileToEvaluate,
    statements: readonly CheckedStatement[],
    problems: readonly SessionProblem[],
    world: World,
    existing: ObjectIds,
    before: () => World,
  ) {
    this.context = context;
    this.file = file;
    this.text = text;
    this.transaction = transaction;
    this.statements = statements;
    this.problems = problems;
    this.world = world;
    this.existing = existing;
    this.earlier = earlier;
    this.hasDown = hasDown;
    this.#makeBefore = before;
  }

  get before(): World {
    return (this.#before ??= this.#makeBefore());
  }
}
