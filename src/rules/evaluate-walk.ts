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
    const effect = breaks === given.breaks ? given : { ...given, breaks };
    const one: CheckedStatement = { file: this.#input.file, statement, session, effect, source };
    this.checked.push(one);
    return new AskedStatement(
      this.#input,
      one,
      { after: world, before },
      this.#existing,
      this.checked,
    );
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

/** A class, so that all have one shape: every rule looks into them. What few rules ask for is made when they do. */
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
  readonly #whole: string;
  readonly #world: () => World;
  readonly #checked: readonly CheckedStatement[];
  readonly #place: number;
  #text: StatementSource | undefined;

  /** @param checked the statements of the file so far, this one last */
  constructor(
    { context, transaction, text }: FileToEvaluate,
    one: CheckedStatement,
    { after, before }: { readonly after: World; readonly before: () => World },
    existing: ObjectIds,
    checked: readonly CheckedStatement[],
  ) {
    this.file = one.file;
    this.statement = one.statement;
    this.session = one.session;
    this.effect = one.effect;
    this.source = one.source;
    this.context = context;
    this.transaction = transaction;
    this.after = after;
    this.existing = existing;
    this.#whole = text;
    this.#world = before;
    this.#checked = checked;
    this.#place = checked.length - 1;
  }

  get world(): World {
    return this.#world();
  }

  get before(): readonly CheckedStatement[] {
    return this.#checked.slice(0, this.#place);
  }

  get text(): StatementSource {
    return (this.#text ??= new StatementSource(this.#whole, this.statement));
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
