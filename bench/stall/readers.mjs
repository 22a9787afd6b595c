/** Somebody who has read the tables and whose transaction stays open: a report, a dump, a forgotten session. */
import { setTimeout as sleep } from "node:timers/promises";
import { Session } from "../../dist/pg/index.js";

const open = (url) => Session.open({ url, applicationName: "reader" });

/** Begins a transaction, reads the tables in it, and leaves it idle. */
async function read(session, tables) {
  await session.query("BEGIN");
  for (const table of tables) await session.query(`SELECT 1 FROM ${table} LIMIT 1`);
}

async function end(session) {
  await session.query("COMMIT");
  await session.close();
}

/** One reader of so many seconds. Gives a promise of its end. */
export async function readFor(url, tables, seconds) {
  const session = await open(url);
  await read(session, tables);
  return { ended: sleep(seconds * 1_000).then(() => end(session)) };
}

/**
 * A reader in front of every step of a plan. The first one stays for so many seconds at least; each of them stays until
 * a step that waits for it has given way once. The next one comes while the step waits, behind it in the queue, so that
 * it is there before the step after it.
 */
export class Readers {
  #url;
  #tables = [];
  #seconds;
  #session;
  #since = 0;
  #isFirst = true;
  #gaveWay = false;
  #passing;

  constructor(url, seconds) {
    this.#url = url;
    this.#seconds = seconds;
  }

  /** From now on these tables are read. */
  async turnTo(tables) {
    await this.stop();
    this.#tables = tables;
    this.#session = await open(this.#url);
    await read(this.#session, tables);
    this.#since = performance.now();
  }

  /** Is told what the run tells. */
  hear(event) {
    if (event.type === "step.retried") this.#gaveWay = true;
    if (event.type !== "step.blocked" || !this.#isOver() || this.#passing !== undefined) return;
    this.#passing = this.#pass();
    // It is told by who stops the readers.
    this.#passing.catch(() => {});
  }

  #isOver() {
    const ms = performance.now() - this.#since;
    const isLong = ms >= this.#seconds * 1_000;
    // What is built or dropped concurrently waits, in nobody's way, and gives way to nobody.
    return this.#gaveWay ? isLong || !this.#isFirst : ms >= this.#seconds * 1_000 + 10_000;
  }

  async #pass() {
    const next = await open(this.#url);
    let isThere = false;
    const reading = read(next, this.#tables).finally(() => (isThere = true));
    // It has to stand in the queue when the step gets its lock.
    while (!isThere && !(await this.#waits(next))) await sleep(5);
    await end(this.#session);
    await reading;
    this.#session = next;
    this.#since = performance.now();
    this.#isFirst = false;
    this.#gaveWay = false;
    this.#passing = undefined;
  }

  /** Asked in the reader's own transaction, which is idle. */
  async #waits({ keyDataPid }) {
    const sql = "SELECT 1 FROM pg_locks WHERE pid = $1 AND NOT granted";
    const { rows } = await this.#session.query(sql, [keyDataPid]);
    return rows.length > 0;
  }

  async stop() {
    await this.#passing;
    if (this.#session !== undefined) await end(this.#session);
    this.#session = undefined;
  }
}
