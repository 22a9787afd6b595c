import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { signalNames } from "../../../src/backfill/index.ts";
import { diff, introspect, type Catalog } from "../../../src/catalog/index.ts";
import { runPhase, type CarriedPhase } from "../../../src/phases/index.ts";
import {
  differenceName,
  readPlan,
  writePlan,
  type Made,
  type Plan,
  type PlanFolder,
} from "../../../src/plan/index.ts";
import { makePool } from "../../../src/plan/prove/data/pool.ts";
import { replaceRows } from "../../../src/plan/prove/data/replace-rows.ts";
import { writeRules } from "../../../src/plan/prove/data/writes.ts";
import { proveForms } from "../../../src/plan/prove/forms.ts";
import { changedForGood } from "../../../src/plan/prove/refill.ts";
import { compareRows, readRows, type Rows } from "../../../src/plan/prove/rows.ts";
import {
  makeScenario,
  type ReleaseScript,
  type Scenario,
} from "../../../src/plan/prove/scenario.ts";
import { Stage } from "../../../src/plan/prove/stage.ts";
import { proveWithoutWriters } from "../../../src/plan/prove/without-writers.ts";
import { startTally } from "../../../src/plan/prove/tally.ts";
import type { Scratch } from "../../../src/scratch/index.ts";
import { drawOne } from "../../effects/fuzz/draw.ts";
import { leftovers } from "../../phases/harness-checks.ts";
import { prove } from "../../phases/support.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { upsertAtOnce } from "./hot.ts";
import { Writer } from "./writer.ts";

/** How a plan was carried while both releases wrote. */
export interface CarriedCase {
  /** Statements of both releases that went well. */
  readonly statements: number;
  /** Upserts of new keys that were sent in one moment. */
  readonly upserts: number;
  readonly failures: readonly string[];
}

export interface CarryCase {
  readonly scratch: Scratch;
  /** Database as it is before the migration. */
  readonly template: string;
  readonly made: Made;
  readonly plan: Plan;
  /** What the proof of the plan remarks. */
  readonly remarks: readonly string[];
  /** The same seed and number give the same statements; at which moment they come is chance. */
  readonly seed: number;
  readonly number: number;
  /** How often each new key is upserted by several sessions in one moment, while both releases run. */
  readonly rounds: number;
}

/**
 * Carries a plan through a database as `lockstep migrate` does, while two sessions of each release send random
 * statements and commit them: the old release's until the contract phase, the new one's from the end of the backfill
 * phase on. What the one has written is what the other reads, no statement fails but for what its release's own rules
 * refuse, no row is lost in the contract phase, and the end is that of the migration as written.
 */
export async function carryWithWriters(given: CarryCase): Promise<CarriedCase> {
  const { scratch, template, made, plan } = given;
  await using stage = new Stage(scratch, made.searchPath);
  const start = await stage.copy(template);
  await stage.visit(start, (session) => session.query("CREATE SCHEMA IF NOT EXISTS lockstep"));
  const pool = await makePool(stage, start, made.statements);
  if (pool.failure !== undefined) return { statements: 0, upserts: 0, failures: [pool.failure] };
  const alone = await makeScenario({
    stage,
    start,
    naive: made.statements,
    pool,
    touched: new Set(Object.keys(made.start.tables)),
    rules: writeRules(plan.exemptions),
    changed: changedForGood(plan, new Map(), pool.catalog),
    points: { old: 2, new: 2 },
  });
  const request = { ...given, naive: made.statements, searchPath: made.searchPath };
  const scenario = {
    ...alone,
    fired: await proveWithoutWriters(stage, request, alone, startTally()),
  };
  using root = temporaryFolder();
  const carried = new CarriedPlan(
    given,
    stage,
    scenario,
    await stage.copy(start),
    await folderOf(root.path, made, plan, scratch.major),
  );
  return await carried.go();
}

/** The plan as its files have it. */
async function folderOf(root: string, made: Made, plan: Plan, major: number): Promise<PlanFolder> {
  writePlan(root, plan, {
    version: 1,
    id: plan.id,
    migration: { id: null, file: "naive.sql", checksum: "" },
    major,
    searchPath: made.searchPath,
    start: made.start,
    notes: plan.notes,
    remains: plan.remains,
    exemptions: plan.exemptions,
  });
  await prove(root, plan.id, major);
  return await readPlan(join(root, "lockstep", "plans", plan.id), root);
}

class CarriedPlan {
  readonly #given: CarryCase;
  readonly #stage: Stage;
  readonly #scenario: Scenario;
  readonly #database: string;
  readonly #folder: PlanFolder;
  readonly #failures: string[] = [];
  #statements = 0;
  #upserts = 0;

  constructor(
    given: CarryCase,
    stage: Stage,
    scenario: Scenario,
    database: string,
    folder: PlanFolder,
  ) {
    this.#given = given;
    this.#stage = stage;
    this.#scenario = scenario;
    this.#database = database;
    this.#folder = folder;
  }

  async go(): Promise<CarriedCase> {
    const url = this.#stage.url(this.#database);
    const { old, new: release } = this.#scenario;
    const known = new Set(await leftovers(url));
    const olds = await this.#writers("old", old, "committed");
    await this.#while(olds, async () => {
      await this.#carry("expand");
      await this.#carry("backfill");
    });
    // With what random statements leave the migration as written may fail as well: then a plan may stop too.
    const unfilled = this.#failures.filter((one) => one.includes("cannot be filled"));
    if (unfilled.length > 0 && (await this.#failsAsWritten()))
      return this.#ended(this.#failures.filter((one) => !unfilled.includes(one)));
    if (!(await this.#formsApart("the old release has written"))) return this.#ended([]);
    const both = [
      ...(await this.#writers("old", old, "committed")),
      ...(await this.#writers("new", release, "committed")),
    ];
    await this.#while(both, async () => {});
    await this.#atOnce();
    if (!(await this.#formsApart("both releases have written at once")))
      return this.#ended(this.#failures);
    const wide = await this.#views();
    const before = await this.#rows(this.#scenario.new.catalog, wide);
    const last = await this.#writers("new", release, "rolled back");
    await this.#while(last, () => this.#carry("contract"));
    await this.#endApart(before, wide);
    for (const what of await settled(url)) if (!known.has(what)) this.#failures.push(what);
    return this.#ended(this.#failures);
  }

  /** Whether the migration as written fails on what the old release reads by now. */
  async #failsAsWritten(): Promise<boolean> {
    const { start, old } = this.#scenario;
    await using session = await this.#stage.open(this.#database);
    await using copy = await this.#stage.play(start);
    await replaceRows(copy.session, old.catalog, await readRows(session, old.catalog));
    try {
      for (const { sql } of this.#given.made.statements) await copy.session.query(sql);
      return false;
    } catch {
      return true;
    }
  }

  #ended(failures: readonly string[]): CarriedCase {
    return { statements: this.#statements, upserts: this.#upserts, failures };
  }

  async #atOnce(): Promise<void> {
    const { sent, failures } = await upsertAtOnce({
      open: async () => this.#stage.open(this.#database),
      made: this.#given.made,
      scenario: this.#scenario,
      plan: this.#given.plan.id,
      rounds: this.#given.rounds,
    });
    this.#upserts = sent;
    this.#failures.push(...failures);
  }

  async #carry(phase: CarriedPhase): Promise<void> {
    await runPhase({
      url: this.#stage.url(this.#database),
      plan: this.#folder,
      phase,
      emit: () => {},
      options: { lockTimeoutMs: 500, heartbeatMs: 1_000 },
      backfill: { vacuum: false, steering: { ignore: signalNames } },
    });
  }

  async #writers(
    who: "old" | "new",
    script: ReleaseScript,
    end: "committed" | "rolled back",
  ): Promise<readonly Writer[]> {
    const statements = [...script.statements, ...script.writes.flat()].filter(
      ({ isRefusedLater, isCopy }) => !isRefusedLater && !isCopy,
    );
    const { seed, number, plan } = this.#given;
    return await Promise.all(
      [1, 2].map(async (n) => {
        const drawn = drawOne(seed + n, number, (draw) =>
          Array.from({ length: statements.length === 0 ? 0 : 200 }, () => draw.one(statements).sql),
        );
        const session = await this.#stage.open(this.#database);
        return new Writer(session, who, drawn, end === "committed", {
          own: script.catalog,
          notes: plan.notes,
          mayBeGone: end === "rolled back",
          refusesDuplicates: plan.exemptions.some(({ kind }) => kind === "refuses-duplicates"),
          stays: (constraint) => staysSaid(plan, this.#scenario.old.catalog, constraint),
        });
      }),
    );
  }

  /** Runs something while they write; they have written before it, and after it. */
  async #while(writers: readonly Writer[], work: () => Promise<void>): Promise<void> {
    try {
      await Promise.all(writers.map((writer) => writer.wrote(10)));
      await work();
      await Promise.all(writers.map((writer) => writer.wrote(30)));
    } catch (error) {
      this.#failures.push((error as Error).message);
    } finally {
      for (const writer of writers) {
        await writer.stop();
        this.#statements += writer.done;
        this.#failures.push(...writer.failures);
      }
    }
  }

  /**
   * Whether the new release reads what the migration as written makes of what the old one reads.
   * @returns false when the migration fails on it
   */
  async #formsApart(when: string): Promise<boolean> {
    const { made, plan, remarks } = this.#given;
    const tally = startTally();
    await using session = await this.#stage.open(this.#database);
    const isNarrow = remarks.some((remark) => remark.startsWith("the old form of "));
    const request = {
      stage: this.#stage,
      scenario: this.#scenario,
      naive: made.statements,
      plan,
      place: undefined,
    };
    await proveForms(request, session, isNarrow ? "new" : "old", tally);
    if (tally.failures.some(({ what }) => what.includes("the migration as written fails")))
      return false;
    for (const { what, expected, found } of tally.failures)
      this.#failures.push(`when ${when}: ${what}: ${found} instead of ${expected}`);
    return true;
  }

  async #views(): Promise<ReadonlySet<string>> {
    await using session = await this.#stage.open(this.#database);
    const { views } = await introspect(session, { parts: ["views"] });
    return new Set(Object.keys(views));
  }

  /** @param wide what is a view meanwhile, and has the rows of what inherits from its table too */
  async #rows(catalog: Catalog, wide: ReadonlySet<string>): Promise<Rows> {
    await using session = await this.#stage.open(this.#database);
    return await readRows(session, catalog, { wide });
  }

  async #endApart(before: Rows, wide: ReadonlySet<string>): Promise<void> {
    const { plan, made } = this.#given;
    await using session = await this.#stage.open(this.#database);
    const catalog = await introspect(session);
    for (const one of await diff(made.naive.goal, catalog, { columnOrder: false }))
      this.#failures.push(`at the end: ${differenceName(one)}`);
    // Fills of the contract phase change what the old release wrote last.
    if (plan.contract.some(({ kind }) => kind === "fill")) return;
    for (const { table, missing, extra } of compareRows(before, await this.#rows(catalog, wide)))
      this.#failures.push(
        `the contract phase changes rows of ${table}: ${JSON.stringify(extra[0] ?? null)} instead of ${JSON.stringify(missing[0] ?? null)}`,
      );
  }
}

/** What is left, when sessions that have just ended are gone. */
async function settled(url: string): Promise<readonly string[]> {
  for (let tries = 0; ; tries++) {
    const left = await leftovers(url);
    if (tries > 40 || !left.some((what) => what.startsWith("left: lock of "))) return left;
    await sleep(50);
  }
}

/** Whether the plan says that rows stay until the contract phase because of a foreign key. */
function staysSaid(
  { exemptions }: Plan,
  { tables }: Catalog,
  { table, name }: { readonly table: string; readonly name: string },
): boolean {
  const key = tables[table]?.constraints.find((one) => one.name === name);
  if (key?.kind !== "foreign-key") return false;
  return exemptions.some(
    ({ kind, relation }) =>
      kind === "still-referenced" && (relation === table || relation === key.references.table),
  );
}
