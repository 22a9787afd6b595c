import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { diff } from "../../src/catalog/index.ts";
import type { CarriedPhase } from "../../src/phases/index.ts";
import { Session } from "../../src/pg/index.ts";
import { differenceName } from "../../src/plan/index.ts";
import type { Scratch } from "../../src/scratch/index.ts";
import { quoteIdent, quoteQualified } from "../../src/sql/index.ts";
import type { OperationCase } from "../plan/operation-harness.ts";
import { spawnTypescript } from "../support/run-typescript.ts";
import { ask, catalogOf, project, type Project } from "./support.ts";

/** A naive migration with the statements that each release sends, and what must be so of what they wrote. */
export interface HarnessCase extends OperationCase {
  /** Both releases' statements may run at the same moment; else one after the other, in turns. */
  readonly atOnce?: boolean;
  /** Queries that give the rows that are wrong, asked while both releases run and at the end. */
  readonly wrongWhileBoth?: string;
  readonly wrongAtTheEnd?: string;
}

export interface HarnessOptions {
  /** The process is killed at every so-many-th event that it has not printed before; 1 for each. */
  readonly killEvery: number;
  readonly random?: () => number;
}

/** What was tried and what went wrong; a row of the table. */
export interface HarnessRow {
  readonly name: string;
  readonly major: number;
  readonly kills: number;
  /** Statements of both releases that went well while the plan was carried. */
  readonly written: number;
  readonly failures: readonly string[];
}

/**
 * start → abort → start → finish, by processes that are killed with -9 between and inside steps, while a writer of the
 * old release runs until the contract phase, and one of the new release from the end of the backfill phase on.
 */
export async function runHarness(
  scratch: Scratch,
  one: HarnessCase,
  options: HarnessOptions,
): Promise<HarnessRow> {
  using tried = await project(scratch, { base: one.base, naive: one.naive });
  const url = await tried.database();
  const failures: string[] = [];
  const killer = new Killer(url, tried.root.path, options);
  let written = 0;
  const stop = async (writer: Writer) => {
    await writer.stop();
    written += writer.done;
    failures.push(...writer.failures);
  };

  const turns = one.atOnce === true ? undefined : new Turns();
  const old = await Writer.start(url, "old", one.old, turns);
  await old.wrote(2);
  await killer.through("expand", "backfill");
  await old.wrote(2);
  await checkForms(url, tried, one, failures);
  await killer.through("abort");
  await old.wrote(2);
  await checkStart(url, tried, failures);
  await checkLeftovers(url, failures);

  await killer.through("expand", "backfill");
  const release = await Writer.start(url, "new", one.new, turns);
  await Promise.all([old.wrote(5), release.wrote(5)]);
  await checkForms(url, tried, one, failures);
  await stop(old);
  await checkForms(url, tried, one, failures);
  await killer.through("contract");
  await release.wrote(2);
  await stop(release);
  await checkEnd(url, tried, one, failures);
  await checkLeftovers(url, failures);
  return { name: one.name, major: scratch.major, kills: killer.kills, written, failures };
}

/** One case as a test; its row of the table is printed, and written where scripts/plan-harness.mjs looks for it. */
export async function harnessed(scratch: Scratch, one: HarnessCase): Promise<void> {
  const row = await runHarness(scratch, one, { killEvery });
  const { name, major, kills, written, failures } = row;
  const line = `${major}  ${name}: ${kills} kills, ${written} statements, ${failures.length} failures\n`;
  process.stdout.write(line);
  const table = process.env["LOCKSTEP_HARNESS_TABLE"];
  if (table !== undefined) appendFileSync(table, `${JSON.stringify(row)}\n`);
  expect(failures).toEqual([]);
}

const killEvery = Number(process.env["LOCKSTEP_HARNESS_KILL_EVERY"] ?? 6);

/** Sends a release's statements, one after another, until it is stopped. */
class Writer {
  done = 0;
  readonly failures: string[] = [];
  readonly #session: Session;
  readonly #name: string;
  readonly #ended: Promise<void>;
  readonly #turns: Turns | undefined;
  #stopped = false;

  private constructor(session: Session, name: string, sql: string, turns: Turns | undefined) {
    this.#session = session;
    this.#name = name;
    this.#turns = turns;
    this.#ended = this.#run(sql);
  }

  static async start(
    url: string,
    name: string,
    sql: string,
    turns: Turns | undefined,
  ): Promise<Writer> {
    const session = await Session.open({ url, applicationName: `writer ${name}` });
    return new Writer(session, name, sql, turns);
  }

  async #run(sql: string): Promise<void> {
    while (!this.#stopped) {
      try {
        const send = async () => this.#session.batch(sql);
        await (this.#turns === undefined ? send() : this.#turns.take(send));
        this.done++;
      } catch (error) {
        this.failures.push(`${this.#name} release: ${(error as Error).message}`);
        await this.#session.query("ROLLBACK").catch(() => {});
        if (this.failures.length > 5) return;
      }
      await sleep(20);
    }
  }

  /** Resolves after so many more statements; at once when it has given up. */
  async wrote(more: number): Promise<void> {
    for (const goal = this.done + more; this.done < goal && this.failures.length <= 5;)
      await sleep(5);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#ended;
    await this.#session.close();
  }
}

/** Lets one after the other. */
class Turns {
  #last: Promise<unknown> = Promise.resolve();

  async take<Value>(work: () => Promise<Value>): Promise<Value> {
    const mine = this.#last.then(work);
    this.#last = mine.catch(() => {});
    return mine;
  }
}

type Line = Readonly<Record<string, unknown>>;

/** Carries phases in processes that it kills on the way. */
class Killer {
  kills = 0;
  readonly #url: string;
  readonly #root: string;
  readonly #every: number;
  readonly #random: () => number;
  readonly #seen = new Set<string>();
  #fresh = 0;
  /** How many processes are still to be killed at a random time. */
  #blind = 0;

  constructor(url: string, root: string, { killEvery, random = Math.random }: HarnessOptions) {
    this.#url = url;
    this.#root = root;
    this.#every = killEvery;
    this.#random = random;
  }

  /** Kills and starts anew until a process comes to the end of the phases. */
  async through(...phases: readonly CarriedPhase[]): Promise<void> {
    this.#seen.clear();
    this.#blind = this.#every === 1 ? 3 : 1;
    for (;;) {
      const last = await this.#run(phases);
      if (last === undefined) continue;
      if (last["outcome"] === "succeeded") return;
      throw new Error(`${phases.join(", ")}: ${JSON.stringify(last)}`);
    }
  }

  /** Gives its last line, undefined when it was killed. */
  async #run(phases: readonly CarriedPhase[]): Promise<Line | undefined> {
    const child = startChild([this.#url, this.#root, "p1", ...phases]);
    let isKilled = false;
    let last: Line | undefined;
    const kill = (afterMs: number) => {
      isKilled = true;
      this.kills++;
      setTimeout(() => child.kill("SIGKILL"), afterMs);
    };
    createInterface({ input: child.stdout! }).on("line", (text) => {
      last = JSON.parse(text) as Line;
      // Moments that no event tells: while a lock is taken, or a record is written.
      if (last["begun"] === true && this.#blind-- > 0) kill(this.#random() * 1_500);
      if (isKilled || !this.#isNew(last) || ++this.#fresh % this.#every !== 0) return;
      // At once, or while the next statement is at work.
      kill(this.#random() < 0.5 ? 0 : this.#random() * 20);
    });
    await once(child, "close");
    return child.signalCode === "SIGKILL" ? undefined : last;
  }

  /** True for a moment at which no process was killed yet. */
  #isNew(line: Line): boolean {
    const type = line["type"];
    if (typeof type !== "string" || type === "notice" || type === "run.waiting") return false;
    const { migration, file, line: at } = (line["statement"] ?? line) as Line;
    const moment = JSON.stringify([type, migration, file, at]);
    if (this.#seen.has(moment)) return false;
    this.#seen.add(moment);
    return true;
  }
}

/** From its source, or as scripts/plan-harness.mjs has bundled it. */
function startChild(args: readonly string[]): ChildProcess {
  const bundled = process.env["LOCKSTEP_HARNESS_CHILD"];
  if (bundled === undefined) return spawnTypescript(join(import.meta.dirname, "child.ts"), args);
  return spawn(process.execPath, [bundled, ...args], { stdio: ["ignore", "pipe", "inherit"] });
}

/** Rows whose two forms do not belong together; asked in one snapshot. */
async function checkForms(
  url: string,
  { made }: Project,
  one: HarnessCase,
  failures: string[],
): Promise<void> {
  const mappings = made.parts.flatMap((part) =>
    part.kind === "refused" ? [] : (part.planned.mappings ?? []),
  );
  for (const { table, mapping } of mappings) {
    const differ = (side: typeof mapping.new) =>
      side.length === 0
        ? "true"
        : `ROW(${side.map(({ name }) => quoteIdent(name)).join(", ")})::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(${side.map(({ from }) => from).join(", ")})::pg_catalog.record`;
    const rows = await ask(
      url,
      `SELECT * FROM ${quoteQualified(table.schema, table.name)} WHERE ${differ(mapping.new)} AND ${differ(mapping.old)} LIMIT 3`,
    );
    for (const row of rows) failures.push(`the forms diverge: ${JSON.stringify(row)}`);
  }
  await checkNone(url, one.wrongWhileBoth, "wrong while both run", failures);
}

async function checkStart(
  url: string,
  { start, plan }: Project,
  failures: string[],
): Promise<void> {
  const left = await diff(start, await catalogOf(url), { columnOrder: false });
  for (const difference of left)
    if (!plan.plan.remains.includes(differenceName(difference)))
      failures.push(`after the abort: ${differenceName(difference)}`);
}

async function checkEnd(
  url: string,
  { goal }: Project,
  one: HarnessCase,
  failures: string[],
): Promise<void> {
  for (const difference of await diff(goal, await catalogOf(url), { columnOrder: false }))
    failures.push(`at the end: ${differenceName(difference)}`);
  await checkNone(url, one.wrongAtTheEnd, "wrong at the end", failures);
}

async function checkNone(
  url: string,
  sql: string | undefined,
  what: string,
  failures: string[],
): Promise<void> {
  if (sql === undefined) return;
  for (const row of await ask(url, sql)) failures.push(`${what}: ${JSON.stringify(row)}`);
}

/** Nothing of a plan is left in schema `lockstep` or elsewhere: routines, types, invalid indexes, locks. */
async function checkLeftovers(url: string, failures: string[]): Promise<void> {
  const rows = await ask<{ what: string }>(
    url,
    `SELECT 'routine ' || p.oid::regprocedure AS what FROM pg_proc p WHERE pronamespace = 'lockstep'::regnamespace AND proname ~ 'p1'
     UNION ALL SELECT 'relation ' || c.oid::regclass FROM pg_class c WHERE relname ~ '_p1$' AND relkind IN ('r', 'v', 'S', 'i')
     UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger WHERE tgname ~ 'lockstep'
     UNION ALL SELECT 'column ' || attname FROM pg_attribute WHERE attname ~ '^lockstep_' AND NOT attisdropped
     UNION ALL SELECT 'constraint ' || conname FROM pg_constraint WHERE conname ~ '_p1$'
     UNION ALL SELECT 'invalid index ' || indexrelid::regclass FROM pg_index WHERE NOT indisvalid
     UNION ALL SELECT 'lock of ' || a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
       WHERE l.locktype = 'advisory' AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );
  for (const { what } of rows) failures.push(`left: ${what}`);
}
