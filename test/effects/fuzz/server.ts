import { setTimeout as sleep } from "node:timers/promises";
import {
  observeInTransaction,
  effectOf,
  type Sessions,
} from "../../../src/effects/observe/observation.ts";
import { Brakes } from "../../../src/effects/observe/brakes.ts";
import { attempt } from "../../../src/effects/observe/attempt.ts";
import { successors } from "../../../src/effects/observe/observation.ts";
import { serverFailure } from "../../../src/effects/observe/failure.ts";
import type { ServerMessage } from "../../../src/effects/observe/messages.ts";
import { look, readOids, type Oid } from "../../../src/effects/observe/relations.ts";
import { TimeLimit } from "../../../src/effects/observe/time-limit.ts";
import { stronger, type LockMode } from "../../../src/effects/lock-modes.ts";
import { Session } from "../../../src/pg/index.ts";
import { fold, type World } from "../../../src/effects/world/index.ts";
import { parseSql, type Statement } from "../../../src/sql/index.ts";
import type { Seen } from "./compare.ts";

/** A database on which statements are tried. */
export class Trial implements AsyncDisposable {
  readonly #url: string;
  #sessions: Sessions;
  readonly #brakes: Brakes;
  #existing: Set<Oid> = new Set();

  private constructor(url: string, sessions: Sessions) {
    this.#url = url;
    this.#sessions = sessions;
    this.#brakes = new Brakes(url);
  }

  static async open(url: string): Promise<Trial> {
    return new Trial(url, await openSessions(url));
  }

  get sessions(): Sessions {
    return this.#sessions;
  }

  /**
   * Goes on with a worker that has seen nothing yet: what is in a session's caches is not locked again. With the other one
   * its temporary tables go.
   */
  async forget(world?: World): Promise<void> {
    const { worker, watcher, pid } = this.#sessions;
    await worker.close();
    const lives = "SELECT FROM pg_catalog.pg_stat_activity WHERE pid = $1";
    while ((await watcher.query(lives, [pid])).rowCount !== 0) await sleep(1);
    this.#sessions = await openSessions(this.#url, watcher);
    if (world === undefined) return;
    for (const statement of await parseSql("DISCARD TEMP", "fuzz")) fold(statement, world);
  }

  /** What there is now is what effects tell of. */
  async start(): Promise<ReadonlySet<Oid>> {
    this.#existing = new Set(await readOids(this.sessions.watcher));
    return this.#existing;
  }

  /** Runs a statement and undoes it. */
  async undone(statement: Statement): Promise<Seen> {
    const { worker } = this.sessions;
    await worker.batch("BEGIN; SET LOCAL client_min_messages = debug1");
    try {
      const observation = await observeInTransaction(this.sessions, statement);
      const effect = effectOf(statement, observation, this.#existing, []);
      return { effect, failure: undefined };
    } catch (error) {
      return { effect: undefined, failure: serverFailure(error) };
    } finally {
      await worker.query("ROLLBACK");
    }
  }

  /** Runs a statement for good. */
  async kept(statement: Statement): Promise<Seen> {
    const transaction = {
      statements: [statement],
      isBlock: false,
      isIndivisible: false,
      isRolledBack: false,
    };
    const { observation, failure } = await attempt(this.sessions, this.#brakes, statement, {
      transaction,
      position: 0,
    });
    if (observation === undefined) return { effect: undefined, failure };
    const effect = effectOf(statement, observation, this.#existing, []);
    for (const oid of successors(statement, observation, this.#existing)) this.#existing.add(oid);
    return { effect, failure: undefined };
  }

  /** Runs a statement in the open transaction, which goes on when it fails; gives all the locks that are then held. */
  async within(
    statement: Statement,
  ): Promise<{ readonly held: ReadonlyMap<Oid, LockMode>; readonly failure: Seen["failure"] }> {
    const { worker, watcher, pid } = this.sessions;
    let failure: Seen["failure"];
    await worker.query("SAVEPOINT s");
    try {
      await worker.batch(statement.sql);
    } catch (error) {
      failure = serverFailure(error);
      await worker.query("ROLLBACK TO s");
    }
    await worker.query("RELEASE s");
    const { locks } = await look(watcher, pid);
    const held = new Map<Oid, LockMode>();
    for (const { oid, mode } of locks)
      if (this.#existing.has(oid)) held.set(oid, stronger(held.get(oid) ?? mode, mode));
    return { held, failure };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#brakes[Symbol.asyncDispose]();
    await this.sessions.worker.close();
    await this.sessions.watcher.close();
  }
}

async function openSessions(url: string, watching?: Session): Promise<Sessions> {
  const open = async () => Session.open({ url, applicationName: "fuzz" });
  const [worker, watcher] = await Promise.all([open(), watching ?? open()]);
  const messages: ServerMessage[] = [];
  worker.onNotice((message) => messages.push(message));
  const takeMessages = () => messages.splice(0);
  const pid = worker.keyDataPid;
  const limit = new TimeLimit(watcher, pid, 20_000);
  await worker.batch("SET lc_messages = 'C'; SET timezone = 'UTC'");
  return { worker, watcher, pid, takeMessages, limit };
}
