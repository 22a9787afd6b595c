import type { Statement } from "../../sql/index.ts";
import type { Effect } from "../effect.ts";
import { addLocks, renameHeld } from "./held-locks.ts";
import { SettingStack, type SavedSettings, type SettingValue } from "./setting-stack.ts";
import { settingChanges, timeoutMs } from "./settings.ts";
import type {
  HeldLock,
  SessionProblem,
  SessionState,
  TimeoutInForce,
  TransactionMode,
} from "./state.ts";

/** Statements that a runner sends as one: a transaction, or a single statement outside one. */
export interface StatementGroup {
  /** Indexes of the statements within the file. */
  readonly statements: readonly number[];
  readonly inTransaction: boolean;
}

export interface SessionOptions {
  readonly transaction: TransactionMode;
  /** `ALTER ROLE … SET` and `ALTER DATABASE … SET` of the target. */
  readonly defaults?: ReadonlyMap<string, string>;
  /** Timeouts that what runs the migrations sets for every statement. */
  readonly runner?: { readonly lockTimeoutMs: number; readonly statementTimeoutMs: number };
}

type Origin = TimeoutInForce["from"];

interface Savepoint {
  readonly name: string;
  readonly settings: SavedSettings<Origin>;
  readonly held: readonly HeldLock[];
}

/** None, one that the text opened or the tool did, or the implicit one of a query string (xact.c, TBLOCK_*). */
type Block = "none" | "explicit" | "implicit";

/** Transactions of all sessions: several follow the files of one run, and no two transactions have the same number. */
let transactions = 0;

/**
 * Follows one connection through the statements of migrations: transaction state, settings and the locks that are
 * held. It runs nothing and looks at no catalog; what a statement locks is told by its effect.
 *
 * Each file begins on a fresh connection, but for `deploy`, where one transaction spans all files.
 */
export class SimulatedSession {
  readonly #options: SessionOptions;
  #settings: SettingStack<Origin>;
  #block: Block = "none";
  #transaction = 0;
  #failed = false;
  #held: readonly HeldLock[] = [];
  #savepoints: Savepoint[] = [];
  #problems: SessionProblem[] = [];
  #groups: readonly StatementGroup[] = [];
  #file = "";
  #statements: readonly Statement[] = [];
  /** The file's own BEGIN while it is open. */
  #opened: Statement | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#settings = this.#freshSettings();
  }

  /** @param groups how a runner cuts the file, for the mode `units` */
  startFile(
    file: string,
    statements: readonly Statement[],
    groups: readonly StatementGroup[] = [],
  ): void {
    const { transaction } = this.#options;
    this.#file = file;
    this.#statements = statements;
    this.#groups = groups;
    this.#problems = [];
    this.#opened = undefined;
    if (transaction === "deploy" && this.#block !== "none") return;
    this.#settings = this.#freshSettings();
    this.#end();
    if (transaction === "file" || transaction === "deploy") this.#begin("explicit");
  }

  /** The session as the statement meets it. Statements are to be given in order, each followed by `after`. */
  before(statement: Statement): SessionState {
    this.#enter(statement);
    return {
      inTransaction: this.#block !== "none",
      transaction: this.#transaction,
      failed: this.#failed,
      lockTimeout: this.#timeout("lock_timeout"),
      statementTimeout: this.#timeout("statement_timeout"),
      settings: this.#settings.values(),
      held: this.#held,
    };
  }

  after(statement: Statement, effect: Effect): void {
    const inTransaction = this.#block !== "none";
    if ("TransactionStmt" in statement.node) {
      if (!this.#failed || endsFailure(statement)) this.#control(statement);
    } else if (!this.#failed) {
      for (const change of settingChanges(statement)) {
        if (change.kind !== "reset-all" && change.local && !inTransaction)
          this.#report("local-outside-transaction", statement, localOutside);
        this.#settings.apply(change, this.#origin(statement), inTransaction);
      }
      const fails = effect.failures.some(
        ({ when }) => when === "always" || (when === "in-transaction" && inTransaction),
      );
      if (inTransaction && fails) this.#failed = true;
      if (inTransaction) {
        const held = addLocks(this.#held, effect.locks, this.#file, statement.line);
        this.#held = renameHeld(held, effect.breaks);
      }
    }
    this.#leave(statement);
  }

  /** What was wrong in the file's use of transactions. */
  endFile(): readonly SessionProblem[] {
    const { transaction } = this.#options;
    if (this.#opened !== undefined && (transaction === "statement" || transaction === "query"))
      this.#report(
        "never-committed",
        this.#opened,
        "the transaction that it opens is never committed: Postgres rolls it back when the session ends",
      );
    if (transaction !== "deploy") this.#end();
    return this.#problems;
  }

  #freshSettings(): SettingStack<Origin> {
    const { defaults = new Map<string, string>(), runner } = this.#options;
    const values = new Map<string, SettingValue<Origin>>();
    for (const [name, value] of defaults)
      values.set(name.toLowerCase(), { value, origin: { kind: "role" } });
    const bound = (name: string, ms: number) =>
      values.set(name, { value: String(ms), origin: { kind: "runner" } });
    if (runner !== undefined) {
      bound("lock_timeout", runner.lockTimeoutMs);
      bound("statement_timeout", runner.statementTimeoutMs);
    }
    return new SettingStack(values);
  }

  #timeout(name: "lock_timeout" | "statement_timeout"): TimeoutInForce {
    const setting = this.#settings.get(name);
    if (setting === undefined) return { ms: 0, from: { kind: "default" } };
    // What cannot be known counts as off.
    return { ms: timeoutMs(setting.value ?? "0") ?? 0, from: setting.origin };
  }

  /** Opens what the mode opens before this statement. */
  #enter(statement: Statement): void {
    const { transaction } = this.#options;
    if (transaction === "query" && this.#block === "none" && this.#statements.length > 1)
      this.#begin("implicit");
    else if (transaction === "units" && this.#block === "none") {
      const group = this.#groupOf(statement);
      if (group?.inTransaction === true) this.#begin("explicit");
    }
    if (this.#block === "none") this.#transaction = ++transactions;
  }

  /** Closes what the mode closes after this statement. */
  #leave(statement: Statement): void {
    const { transaction } = this.#options;
    const isLast = statement.index === this.#statements.at(-1)?.index;
    const group = transaction === "units" ? this.#groupOf(statement) : undefined;
    const endsGroup = group?.statements.at(-1) === statement.index;
    if ((isLast && transaction === "query" && this.#block === "implicit") || endsGroup)
      this.#commit();
  }

  #groupOf({ index }: Statement): StatementGroup | undefined {
    return this.#groups.find(({ statements }) => statements.includes(index));
  }

  #control(statement: Statement): void {
    if (!("TransactionStmt" in statement.node)) return;
    const { kind, savepoint_name: name = "", chain = false } = statement.node.TransactionStmt;
    switch (kind) {
      case "TRANS_STMT_BEGIN":
      case "TRANS_STMT_START":
        return this.#beginStatement(statement);
      case "TRANS_STMT_COMMIT":
      case "TRANS_STMT_PREPARE":
        return this.#endStatement(statement, this.#failed ? "rollback" : "commit", chain);
      case "TRANS_STMT_ROLLBACK":
        return this.#endStatement(statement, "rollback", chain);
      case "TRANS_STMT_SAVEPOINT":
        if (this.#block !== "explicit") {
          this.#report("savepoint-outside-transaction", statement, savepointOutside);
          this.#failed = this.#block !== "none";
        } else this.#savepoints.push({ name, settings: this.#settings.save(), held: this.#held });
        return;
      case "TRANS_STMT_RELEASE":
      case "TRANS_STMT_ROLLBACK_TO": {
        const index = this.#savepoints.findLastIndex((savepoint) => savepoint.name === name);
        // Postgres refuses a name that it does not know, which fails the transaction (3B001).
        if (index === -1) this.#failed = this.#block !== "none";
        else if (kind === "TRANS_STMT_RELEASE") this.#savepoints.length = index;
        else this.#rollbackTo(index);
        return;
      }
      // Two-phase commits of other transactions do nothing to this one.
      case "TRANS_STMT_COMMIT_PREPARED":
      case "TRANS_STMT_ROLLBACK_PREPARED":
      case undefined:
        return;
    }
  }

  #beginStatement(statement: Statement): void {
    if (this.#block === "explicit") {
      this.#report(
        "begin-in-transaction",
        statement,
        "a transaction is open already: Postgres warns and goes on in it",
      );
      return;
    }
    if (this.#block === "none") this.#begin("explicit");
    this.#block = "explicit";
    this.#opened = statement;
  }

  #endStatement(statement: Statement, how: "commit" | "rollback", chain: boolean): void {
    if (this.#block !== "explicit")
      this.#report(
        "commit-without-begin",
        statement,
        "no transaction was opened by BEGIN before it: Postgres only warns",
      );
    else if (this.#opened === undefined && this.#options.transaction !== "units")
      this.#report(
        "commit-without-begin",
        statement,
        "it ends the transaction that the migration tool opened: what follows is no longer in it",
      );
    if (how === "rollback" && this.#block !== "none")
      this.#report("rolled-back", statement, "everything since the transaction began is undone");
    const again = chain && this.#block === "explicit";
    if (how === "commit") this.#commit();
    else {
      this.#settings.rollback();
      this.#end();
    }
    this.#opened = again ? statement : undefined;
    if (again) this.#begin("explicit");
  }

  /** Locks that were taken after the savepoint are released, settings go back. */
  #rollbackTo(index: number): void {
    const { settings, held } = this.#savepoints[index]!;
    this.#savepoints.length = index + 1;
    this.#settings.restore(settings);
    this.#held = held;
    this.#failed = false;
  }

  #begin(block: Block): void {
    this.#end();
    this.#block = block;
    this.#transaction = ++transactions;
    this.#settings.begin();
  }

  #commit(): void {
    this.#settings.commit();
    this.#end();
  }

  #end(): void {
    this.#block = "none";
    this.#held = [];
    this.#savepoints = [];
    this.#failed = false;
  }

  #origin({ line }: Statement): Origin {
    return { kind: "statement", file: this.#file, line };
  }

  #report(kind: SessionProblem["kind"], { line }: Statement, message: string): void {
    this.#problems.push({ kind, file: this.#file, line, message });
  }
}

const localOutside =
  "outside a transaction SET LOCAL does nothing: Postgres warns and the value stays as it was";
const savepointOutside = "there is no transaction block: Postgres refuses the savepoint (25P01)";

/** Statements that a failed transaction still takes. */
function endsFailure({ node }: Statement): boolean {
  if (!("TransactionStmt" in node)) return false;
  const { kind = "" } = node.TransactionStmt;
  return ["TRANS_STMT_COMMIT", "TRANS_STMT_ROLLBACK", "TRANS_STMT_ROLLBACK_TO"].includes(kind);
}
