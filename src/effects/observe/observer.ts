import { Session } from "../../pg/index.ts";
import type { QualifiedName } from "../../catalog/index.ts";
import { quoteQualified, type Statement } from "../../sql/index.ts";
import { noEffect, type Effect, type FactSource, type Failure } from "../effect.ts";
import type { StatementGroup } from "../session/simulate.ts";
import type { TransactionMode } from "../session/state.ts";
import { attempt, opening, type Attempt } from "./attempt.ts";
import { everyTableReason } from "./every-table.ts";
import { withTextChanges } from "./text-changes.ts";
import { Brakes } from "./brakes.ts";
import { rehearseDeploy, type DeployFailures, type DeployFile } from "./deploy.ts";
import {
  dependsOnRows,
  isQuery,
  needsNoTransaction,
  serverFailure,
  toFailure,
  type ServerFailure,
} from "./failure.ts";
import { dropMade, keptOnCommit } from "./on-commit.ts";
import { GeneratedRows } from "./generated-rows.ts";
import type { ServerMessage } from "./messages.ts";
import {
  effectOf,
  observeInTransaction,
  resolveNames,
  retakenBy,
  successors,
  type Observation,
  type Sessions,
} from "./observation.ts";
import { look, readOids, readTables, type Oid } from "./relations.ts";
import { rehearse, type Rehearsal } from "./rehearsal.ts";
import { defaultLimitMs, TimeLimit } from "./time-limit.ts";
import {
  controlOf,
  isLocalSetting,
  placesOf,
  type Place,
  type Transaction,
} from "./transactions.ts";

export interface ObserverOptions {
  /** A scratch database that nobody else uses; the role must be superuser. */
  readonly url: string;
  /** Rows put into each empty table before a file, 2,000 by default; 0 leaves the tables as they are. */
  readonly rows?: number;
  /** How long a statement may run before it is ended, in ms, 60,000 by default. */
  readonly limitMs?: number;
}

export interface ObservedFile {
  readonly file: string;
  readonly statements: readonly Statement[];
  readonly transaction: TransactionMode;
  /** How a runner cuts the file, for the mode `units`. */
  readonly groups?: readonly StatementGroup[];
}

/** What one statement did. */
export interface Observed {
  /** Without breaks, which are told from the catalog before and after. */
  readonly effect: Effect;
  readonly source: FactSource;
  /** The error that the statement ended with, in the transaction of the migration tool. */
  readonly error?: ServerFailure;
  /**
   * In a transaction that had to be run as it is: relations that the statement names and that were locked in it before. What
   * it takes on them itself, no stronger than that, is not among its locks.
   */
  readonly retaken?: readonly QualifiedName[];
}

/** The open file. */
interface OpenFile {
  /** What failed in it when the whole deploy was tried. */
  readonly deploy: ReadonlyMap<number, ServerFailure> | undefined;
  readonly places: ReadonlyMap<number, Place>;
  readonly existing: Set<Oid>;
  rehearsal: Rehearsal | undefined;
  /** The transaction that is run as it is, with what was sent so far; undone and sent again when a statement fails. */
  inside: { readonly transaction: Transaction; readonly done: string[] } | undefined;
}

/**
 * Runs migrations on a scratch database, statement by statement, and tells what each did.
 *
 * A lock that an earlier statement of the same transaction holds already does not show when it is taken again. So each
 * statement runs in a transaction of its own, where all of its locks show. What depends on the tool's transaction is tried
 * before: the whole transaction is run and rolled back, and what fails in it is known.
 * Transactions that mean something else in parts (rolled back, with cursors or temporary tables that end with them) are run
 * as they are; there only the locks that a statement adds are seen.
 */
export class Observer implements AsyncDisposable {
  readonly #brakes: Brakes;
  readonly #sessions: Sessions;
  readonly #source: FactSource;
  readonly #rows: GeneratedRows;
  #file: OpenFile | undefined;
  #deploy: DeployFailures | undefined;

  private constructor(url: string, sessions: Sessions, rows: number, source: FactSource) {
    this.#brakes = new Brakes(url);
    this.#rows = new GeneratedRows(sessions.watcher, rows);
    this.#sessions = sessions;
    this.#source = source;
  }

  /** @throws LockstepError of a connection */
  static async open({
    url,
    rows = 2_000,
    limitMs = defaultLimitMs,
  }: ObserverOptions): Promise<Observer> {
    const open = async () => Session.open({ url, applicationName: "lockstep/observe" });
    const [worker, watcher] = await Promise.all([open(), open()]);
    let messages: ServerMessage[] = [];
    worker.onNotice((message) => messages.push(message));
    const takeMessages = () => {
      const taken = messages;
      messages = [];
      return taken;
    };
    const pid = worker.keyDataPid;
    const limit = new TimeLimit(watcher, pid, limitMs);
    const sessions = { worker, watcher, pid, takeMessages, limit };
    return new Observer(url, sessions, rows, { kind: "observed", on: watcher.serverVersion });
  }

  /** Tables that could not be given rows and are observed as they are, with the reason. */
  get unfilled(): ReadonlyMap<QualifiedName, string> {
    return this.#rows.left;
  }

  /**
   * Tries all files of a deploy that is one transaction, before the first of them is started: a file's statements may fail
   * because of what an earlier file did in it. Without it each file is tried on its own.
   */
  async startDeploy(files: readonly DeployFile[]): Promise<void> {
    await this.#rows.fill();
    this.#deploy = await rehearseDeploy(this.#sessions, files);
  }

  /** Begins a file: notes which relations exist, so that only they appear in effects. */
  async startFile({ file, statements, transaction, groups }: ObservedFile): Promise<void> {
    await this.endFile();
    const { worker, watcher } = this.#sessions;
    // Each file begins on a fresh connection, but for tools that deploy all of them in one transaction.
    if (transaction !== "deploy") await worker.query("DISCARD ALL");
    await worker.query("SET lc_messages = 'C'");
    await this.#rows.fill();
    this.#file = {
      deploy: transaction === "deploy" ? this.#deploy?.get(file) : undefined,
      places: placesOf(file, statements, transaction, groups),
      existing: new Set(await readOids(watcher)),
      rehearsal: undefined,
      inside: undefined,
    };
  }

  /** Takes the generated rows away until the next file begins, for what others run meanwhile. */
  async emptyGenerated(): Promise<void> {
    await this.#rows.empty("all", []);
  }

  /** Ends what the file left open. */
  async endFile(): Promise<void> {
    if (this.#file?.inside !== undefined) await this.#endInside(this.#file);
    this.#file = undefined;
  }

  /** Runs the next statement of the file. BEGIN, COMMIT and the like have no effect of their own. */
  async run(statement: Statement): Promise<Observed> {
    const file = this.#file;
    if (file === undefined) throw new Error("startFile() comes before run()");
    const place = file.places.get(statement.index);
    if (place === undefined) return this.#tell(noEffect);
    const everyTable = everyTableReason(statement);
    if (everyTable !== undefined) return this.#tell({ ...noEffect, unknown: [everyTable] });
    const observed = await this.#runPlaced(file, statement, place);
    await this.#dropMade(place);
    return observed;
  }

  async #runPlaced(file: OpenFile, statement: Statement, place: Place): Promise<Observed> {
    const { transaction } = place;
    if (transaction.isIndivisible || file.inside?.transaction === transaction)
      return this.#runInside(file, statement, place);
    if (controlOf(statement) !== undefined || isLocalSetting(statement))
      return this.#tell(noEffect);
    const refused = file.deploy?.get(statement.index) ?? (await this.#rehearse(file, place));
    return this.#runAlone(file, await keptOnCommit(statement), place, refused);
  }

  /** Temporary tables that end with their transaction were kept until now. */
  async #dropMade({ transaction, position }: Place): Promise<void> {
    const { statements, isIndivisible } = transaction;
    if (position !== statements.length - 1 || isIndivisible) return;
    const drops = dropMade(statements);
    if (drops.length > 0) await this.#sessions.worker.batch(drops.join(";"));
  }

  #tell(effect: Effect, error?: ServerFailure): Observed {
    return { effect, source: this.#source, ...(error === undefined ? {} : { error }) };
  }

  #tellFailed(failure: Failure, error: ServerFailure): Observed {
    return this.#tell({ ...noEffect, failures: [failure] }, error);
  }

  #tellEnded(failure: ServerFailure): Observed {
    const reason = `it did not end within ${this.#sessions.limit.seconds} s on a scratch database and was ended`;
    return this.#tell({ ...noEffect, unknown: [reason] }, failure);
  }

  async #tellSeen(
    file: OpenFile,
    statement: Statement,
    observation: Observation,
    failures: readonly Failure[],
    error?: ServerFailure,
  ): Promise<Observed> {
    const seen = effectOf(statement, observation, file.existing, failures);
    const effect = await withTextChanges(seen, statement, this.#sessions.watcher);
    for (const oid of successors(statement, observation, file.existing)) file.existing.add(oid);
    return this.#tell(effect, error);
  }

  /** Tries what is left of the transaction as a whole, undoes it, and gives the failure of this statement if it is the one. */
  async #rehearse(file: OpenFile, place: Place): Promise<ServerFailure | undefined> {
    const { transaction, position } = place;
    const { statements, isBlock } = transaction;
    if (!isBlock || statements.length === 1) return undefined;
    const known = file.rehearsal;
    if (known?.transaction !== transaction || position >= known.until)
      file.rehearsal = await rehearse(this.#sessions, place);
    const { failed } = file.rehearsal!;
    return failed?.position === position ? failed.failure : undefined;
  }

  async #runAlone(
    file: OpenFile,
    statement: Statement,
    place: Place,
    refused: ServerFailure | undefined,
  ): Promise<Observed> {
    if (refused?.wasEnded === true) return this.#tellEnded(refused);
    const { isBlock, statements } = place.transaction;
    let run = await this.#attempt(statement, place);
    if (run.failure?.wasEnded === true) return this.#tellEnded(run.failure);
    const failures: Failure[] = [];
    if (refused !== undefined && refused.sqlState !== run.failure?.sqlState)
      failures.push(
        toFailure(dependsOnRows(refused, statement.kind) ? "on-rows" : "in-transaction", refused),
      );
    if (run.refused !== undefined && isBlock && refused === undefined)
      failures.push(toFailure("in-transaction", run.refused));
    const { failure } = run;
    if (failure !== undefined && isBlock && statements.length > 1 && refused === undefined)
      // It goes well in its transaction and not without it: so it is run there.
      return this.#runInside(file, statement, place);
    const error = refused ?? run.refused ?? failure;
    if (failure !== undefined && dependsOnRows(failure, statement.kind)) {
      if (failures.length === 0) failures.push(toFailure("on-rows", failure));
      run = await this.#attemptWithoutRows(statement, place, run);
    }
    const reported = failures.length > 0 ? error : run.failure;
    if (run.observation !== undefined)
      return this.#tellSeen(file, statement, run.observation, failures, reported);
    const last = run.failure!;
    // A constant that is no value of its type fails without rows too.
    const isRowwise =
      failures.length > 0 && (!dependsOnRows(last, statement.kind) || isQuery(statement.kind));
    return this.#tellFailed(isRowwise ? failures[0]! : toFailure("always", last), error ?? last);
  }

  /**
   * Repeats on emptied tables what failed because of generated rows, so that its locks and its work are known and the
   * history goes on as it would where no such rows are. Afterwards the tables have rows again.
   */
  async #attemptWithoutRows(statement: Statement, place: Place, first: Attempt): Promise<Attempt> {
    const { worker } = this.#sessions;
    const named = await resolveNames(worker, statement);
    let run = first;
    const near = await this.#nearOf(first.failure!, named);
    // Rows that migrations wrote are needed by those that read them.
    const scopes = isQuery(statement.kind)
      ? (["near", "all"] as const)
      : (["near", "all", "own"] as const);
    for (const scope of scopes) {
      if (!(await this.#rows.empty(scope, near))) continue;
      run = await this.#attempt(statement, place);
      if (run.failure === undefined || !dependsOnRows(run.failure, statement.kind)) break;
    }
    await this.#rows.fill();
    return run;
  }

  async #nearOf(
    { schema, table }: ServerFailure,
    named: ReadonlyMap<Oid, unknown>,
  ): Promise<Oid[]> {
    if (schema === undefined || table === undefined) return [...named.keys()];
    const [[oid]] = (await this.#sessions.watcher.queryArrays(
      "SELECT pg_catalog.to_regclass($1)::pg_catalog.oid",
      [quoteQualified(schema, table)],
    )) as [[Oid | null]];
    return oid === null ? [...named.keys()] : [...named.keys(), oid];
  }

  async #attempt(statement: Statement, place: Place): Promise<Attempt> {
    return attempt(this.#sessions, this.#brakes, statement, place);
  }

  /** Runs a statement in the transaction that the tool would run, which stays open until its last one. */
  async #runInside(file: OpenFile, statement: Statement, place: Place): Promise<Observed> {
    const { worker, watcher, pid } = this.#sessions;
    const { transaction, position } = place;
    if (file.inside?.transaction !== transaction) {
      file.inside = { transaction, done: [...opening(place)] };
      await worker.batch(file.inside.done.join("\n;\n"));
    }
    const { done } = file.inside;
    try {
      const { locks: held } = await look(watcher, pid);
      const observation = await observeInTransaction(this.#sessions, statement, held);
      done.push(statement.sql);
      const seen = await this.#tellSeen(file, statement, observation, []);
      const retaken = retakenBy(observation, held, file.existing);
      return retaken.length === 0 ? seen : { ...seen, retaken };
    } catch (error) {
      const failure = serverFailure(error);
      await worker.batch("ROLLBACK");
      await worker.batch(done.join("\n;\n"));
      if (failure.wasEnded) return this.#tellEnded(failure);
      const isRowwise = await this.#goesWithoutRows(statement, failure);
      const when = isRowwise ? whenOf(failure, statement) : "always";
      return this.#tellFailed(toFailure(when, failure), failure);
    } finally {
      if (position === transaction.statements.length - 1) await this.#endInside(file);
    }
  }

  /** Whether a definition that found fault with a value goes well in the open transaction when no table has rows. */
  async #goesWithoutRows({ sql, kind }: Statement, failure: ServerFailure): Promise<boolean> {
    if (isQuery(kind) || !failure.sqlState.startsWith("22")) return true;
    const { worker, limit } = this.#sessions;
    await worker.batch("SAVEPOINT lockstep; SET LOCAL session_replication_role = replica");
    try {
      const tables = await readTables(worker);
      const deletes = tables.map((table) => `DELETE FROM ONLY ${table}`);
      await worker.batch([...deletes, "SET LOCAL session_replication_role = origin"].join(";\n"));
      await limit.hold(async () => worker.batch(sql));
      return true;
    } catch (error) {
      return serverFailure(error).sqlState !== failure.sqlState;
    } finally {
      await worker.batch("ROLLBACK TO lockstep; RELEASE lockstep");
    }
  }

  async #endInside(file: OpenFile): Promise<void> {
    const isRolledBack = file.inside?.transaction.isRolledBack === true;
    file.inside = undefined;
    await this.#sessions.worker.batch(isRolledBack ? "ROLLBACK" : "COMMIT");
  }

  async close(): Promise<void> {
    await this.#brakes[Symbol.asyncDispose]();
    await this.#sessions.worker.close();
    await this.#sessions.watcher.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function whenOf(failure: ServerFailure, { kind }: Statement): Failure["when"] {
  if (dependsOnRows(failure, kind)) return "on-rows";
  return needsNoTransaction(failure) ? "in-transaction" : "always";
}
