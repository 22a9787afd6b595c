import { Observer } from "../../../src/effects/observe/index.ts";
import {
  effectOf,
  observeInTransaction,
  type Sessions,
} from "../../../src/effects/observe/observation.ts";
import type { ServerMessage } from "../../../src/effects/observe/messages.ts";
import { readOids, type Oid } from "../../../src/effects/observe/relations.ts";
import { defaultLimitMs, TimeLimit } from "../../../src/effects/observe/time-limit.ts";
import { fillTables } from "../../../src/effects/rows/index.ts";
import { Session, sqlState } from "../../../src/pg/index.ts";
import { parseSql } from "../../../src/sql/index.ts";
import { startScratch, type Scratch, type ScratchDatabase } from "../../../src/scratch/index.ts";
import { toFacts, type Facts } from "./support-facts.ts";
import { baseSql, type Form } from "./support.ts";

/** Rows in each table of the matrix. */
const rows = 300;

/** A server of one major on which forms are measured. */
export class Bench implements AsyncDisposable {
  readonly #scratch: Scratch;
  readonly #template: string;
  readonly #database: ScratchDatabase;
  readonly #sessions: Sessions;
  readonly #existing: ReadonlySet<Oid>;

  private constructor(
    scratch: Scratch,
    template: string,
    database: ScratchDatabase,
    sessions: Sessions,
    existing: ReadonlySet<Oid>,
  ) {
    this.#scratch = scratch;
    this.#template = template;
    this.#database = database;
    this.#sessions = sessions;
    this.#existing = existing;
  }

  static async start(major: number): Promise<Bench> {
    const scratch = await startScratch({ major });
    const template = await scratch.template("matrix", async (url) => {
      await using session = await Session.open({ url, applicationName: "matrix" });
      await session.batch(baseSql);
    });
    const database = await scratch.createDatabase({ template });
    {
      await using session = await Session.open({ url: database.url, applicationName: "matrix" });
      await fillTables(session, rows);
    }
    const open = async () => Session.open({ url: database.url, applicationName: "matrix" });
    const [worker, watcher] = await Promise.all([open(), open()]);
    const messages: ServerMessage[] = [];
    worker.onNotice((message) => messages.push(message));
    const takeMessages = () => messages.splice(0);
    const pid = worker.keyDataPid;
    const limit = new TimeLimit(watcher, pid, defaultLimitMs);
    const sessions = { worker, watcher, pid, takeMessages, limit };
    return new Bench(scratch, template, database, sessions, await readOids(watcher));
  }

  /** Measures a form: undone where that is possible, else on a database of its own. */
  async measure(form: Form): Promise<Facts> {
    return (await this.#undone(form)) ?? this.#apart(form);
  }

  async #undone({ setUp, statement }: Form): Promise<Facts | undefined> {
    if (setUp !== "") return undefined;
    const { worker } = this.#sessions;
    await worker.batch("BEGIN; SET LOCAL client_min_messages = debug1");
    try {
      const observation = await observeInTransaction(this.#sessions, statement);
      return toFacts(effectOf(statement, observation, this.#existing, []));
    } catch (error) {
      if (sqlState(error) === undefined) throw error;
      return undefined;
    } finally {
      await worker.query("ROLLBACK");
      await worker.query("DISCARD ALL");
    }
  }

  async #apart({ id, setUp, statement }: Form): Promise<Facts> {
    const database = await this.#scratch.createDatabase({ template: this.#template });
    try {
      {
        await using session = await Session.open({ url: database.url, applicationName: "matrix" });
        for (const each of await parseSql(setUp, `set-up of ${id}`)) await session.query(each.sql);
      }
      await using observer = await Observer.open({ url: database.url, rows });
      await observer.startFile({ file: id, statements: [statement], transaction: "statement" });
      return toFacts((await observer.run(statement)).effect);
    } catch (error) {
      throw new Error(`form ${id} on ${this.#scratch.major}: ${(error as Error).message}`, {
        cause: error,
      });
    } finally {
      await database.drop();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sessions.worker.close();
    await this.#sessions.watcher.close();
    await this.#database.drop();
    await this.#scratch.close();
  }
}
