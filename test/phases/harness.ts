import { createHash } from "node:crypto";
import { appendFileSync } from "node:fs";
import { expect } from "vitest";
import type { Scratch } from "../../src/scratch/index.ts";
import type { OperationCase } from "../plan/operation-harness.ts";
import { apartFromGoal, apartFromStart, formsApart, leftovers } from "./harness-checks.ts";
import { carriedPlan } from "./harness-choice.ts";
import { Killer, type KillerOptions } from "./harness-killer.ts";
import { Turns, Writer } from "./harness-writer.ts";
import { ask, project, type Project } from "./support.ts";

/** A naive migration with the statements that each release sends, and what must be so of what they wrote. */
export interface HarnessCase extends OperationCase {
  /** Both releases' statements may run at the same moment; else one after the other, in turns. */
  readonly atOnce?: boolean;
  /** What two more writers of each release send, without a pause, beside all others: upserts of the same keys. */
  readonly hot?: { readonly old: string; readonly new: string };
  /** Queries that give the rows that are wrong, asked while both releases run and at the end. */
  readonly wrongWhileBoth?: string;
  readonly wrongAtTheEnd?: string;
}

/** What was tried and what went wrong. */
export interface Carriage {
  /** Of the plan's files and of what both releases send: another one is to be carried again. */
  readonly plan: string;
  readonly kills: number;
  /** Statements of both releases that went well while the plan was carried. */
  readonly statements: number;
  readonly failures: readonly string[];
}

/**
 * start → abort → start → finish, by processes that are killed with -9 between and inside steps, while a writer of the
 * old release runs until the contract phase, and one of the new release from the end of the backfill phase on.
 *
 * @param known of the plan that was carried before; the same one is not carried again
 */
export async function runHarness(
  scratch: Scratch,
  one: HarnessCase,
  options: KillerOptions,
  known?: string,
): Promise<Carriage | undefined> {
  using tried = await project(scratch, { base: one.base, naive: one.naive });
  const plan = planDigest(tried, one);
  if (plan === known) return undefined;
  const url = await tried.database();
  using killer = new Killer(url, tried.root.path, options);
  const journey = new Journey(url, tried, one, killer);
  await journey.go();
  const { statements, failures } = journey;
  return { plan, kills: killer.kills, statements, failures };
}

function planDigest(
  { plan }: Project,
  { base, naive, old, new: release, hot }: HarnessCase,
): string {
  const carried = JSON.stringify([plan.checksum, base, naive, old, release, hot]);
  return createHash("sha256").update(carried).digest("hex").slice(0, 12);
}

class Journey {
  statements = 0;
  readonly failures: string[] = [];
  readonly #url: string;
  readonly #tried: Project;
  readonly #one: HarnessCase;
  readonly #killer: Killer;
  readonly #writers = new Set<Writer>();
  readonly #hot: { readonly release: "old" | "new"; readonly writer: Writer }[] = [];

  constructor(url: string, tried: Project, one: HarnessCase, killer: Killer) {
    this.#url = url;
    this.#tried = tried;
    this.#one = one;
    this.#killer = killer;
  }

  /** A phase that does not come to its end is a failure as well. */
  async go(): Promise<void> {
    try {
      await this.#carry();
    } catch (error) {
      this.failures.push((error as Error).message);
    } finally {
      for (const writer of this.#writers) await this.#stop(writer);
    }
  }

  async #carry(): Promise<void> {
    const killer = this.#killer;
    const turns = this.#one.atOnce === true ? undefined : new Turns();
    const old = await this.#start("old", turns);
    await old.wrote(2);
    await killer.through("expand", "backfill");
    await old.wrote(2);
    await this.#checkForms();
    await killer.through("abort");
    await old.wrote(2);
    this.failures.push(...(await apartFromStart(this.#url, this.#tried)));
    this.failures.push(...(await leftovers(this.#url)));

    await killer.through("expand", "backfill");
    const release = await this.#start("new", turns);
    await Promise.all([old.wrote(5), release.wrote(5)]);
    await this.#checkForms();
    await this.#stopHot("old");
    await this.#stop(old);
    await this.#checkForms();
    await killer.through("contract");
    await release.wrote(2);
    await this.#stopHot("new");
    await this.#stop(release);
    this.failures.push(...(await apartFromGoal(this.#url, this.#tried, this.#one)));
    this.failures.push(...(await leftovers(this.#url)));
  }

  async #start(release: "old" | "new", turns: Turns | undefined): Promise<Writer> {
    const options = { url: this.#url, name: release };
    const writer = await Writer.start({ ...options, sql: this.#one[release], turns });
    this.#writers.add(writer);
    const sql = this.#one.hot?.[release];
    for (let n = 0; sql !== undefined && n < 2; n++) {
      const hot = await Writer.start({ ...options, sql, turns: undefined, pauseMs: 0 });
      this.#writers.add(hot);
      this.#hot.push({ release, writer: hot });
    }
    return writer;
  }

  async #stopHot(release: "old" | "new"): Promise<void> {
    for (const one of this.#hot) if (one.release === release) await this.#stop(one.writer);
  }

  async #stop(writer: Writer): Promise<void> {
    await writer.stop();
    this.#writers.delete(writer);
    this.statements += writer.sent;
    this.failures.push(...writer.failures);
  }

  async #checkForms(): Promise<void> {
    this.failures.push(...(await formsApart(this.#url, this.#tried, this.#one)));
  }
}

/** An operation, as the table names it. */
export interface Subject {
  readonly operation: string;
  /** What it does instead of the statement as it is written, in one line. */
  readonly does: string;
}

/** One case as a test; its row of the table is printed, and written where scripts/plan-harness.mjs looks for it. */
export async function harnessed(
  scratch: Scratch,
  subject: Subject,
  one: HarnessCase,
): Promise<void> {
  const { major } = scratch;
  const title = `${major}  ${subject.operation}, ${one.name}`;
  const known = carriedPlan(subject.operation, one.name, major);
  const carriage = await runHarness(scratch, one, { killEvery }, known);
  if (carriage === undefined) {
    process.stdout.write(`${title}: the plan that was carried before\n`);
    return;
  }
  const { kills, statements, failures } = carriage;
  process.stdout.write(
    `${title}: ${kills} kills, ${statements} statements, ${failures.length} failures\n`,
  );
  const table = process.env["LOCKSTEP_HARNESS_TABLE"];
  if (table !== undefined) {
    const [server] = await ask<{ version: string }>(
      scratch.url,
      "SELECT current_setting('server_version') AS version",
    );
    const { version } = server!;
    const row = { ...subject, ...carriage, name: one.name, version, killEvery };
    appendFileSync(table, `${JSON.stringify(row)}\n`);
  }
  expect(failures).toEqual([]);
}

const killEvery = Number(process.env["LOCKSTEP_HARNESS_KILL_EVERY"] ?? 6);
