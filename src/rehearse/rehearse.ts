import { fingerprint, introspect } from "../catalog/index.ts";
import { adoptSettings, applyHistory, rolesOf, scratchSettings } from "../check/index.ts";
import { fillClone, type AssumedKey, type CloneProgress, type RowMaker } from "../clone/index.ts";
import type { Effect, Sizes } from "../effects/index.ts";
import { isLockstepError } from "../errors/index.ts";
import type { PlanFolder } from "../plan/index.ts";
import { Session } from "../pg/index.ts";
import { markApplied, type GivenRunOptions } from "../runner/index.ts";
import { Confinement, startScratch, type Scratch } from "../scratch/index.ts";
import { forScratch, type Migration, type MigrationFolder } from "../tools/index.ts";
import { besideLoad } from "./beside-load.ts";
import { estimate } from "./estimate.ts";
import { keysToCome } from "./keys-to-come.ts";
import { loadTables } from "./load-statements.ts";
import { Load, type LoadStatement } from "./load.ts";
import type { Rehearsal, RehearsalFailure, RehearsedLoad } from "./model.ts";
import { observedEffects } from "./observed-effects.ts";
import { remarksOn } from "./remarks.ts";
import { runOnce, type Ran } from "./run-once.ts";
import { scaleOf, statementsOf, sumOf, type Done } from "./told.ts";

export interface RehearseRequest {
  readonly folder: MigrationFolder;
  /** Ids of migrations that the source has. */
  readonly applied: ReadonlySet<string>;
  readonly plans: readonly PlanFolder[];
  readonly statistics: Sizes;
  /** Shares of the source's rows, above 0; each is rehearsed. */
  readonly scales: readonly number[];
  readonly seed: number;
  readonly major: number;
  readonly scratchUrl: string | undefined;
  readonly runner: GivenRunOptions;
  readonly load: LoadRequest | undefined;
  readonly onProgress?: ((text: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface LoadRequest {
  /** Statements a second. */
  readonly perSecond: number;
  readonly sessions: number;
  /** How long it runs before and after the work, in ms. */
  readonly calmMs: number;
}

/** How long a statement is tried beside the load, unless the run's own setting says so: a lock that is not free by then is told. */
const patienceMs = 20_000;

/**
 * Runs the pending migrations and plans on clones made from statistics, through the real runner: at each scale alone, and on the
 * largest once more beside a load and once more with nothing left to do. Nothing touches the source.
 *
 * @throws LockstepError `scratch-unavailable`, `scratch-run-failed` when the applied migrations do not run on scratch,
 * `run-cancelled`. A failure of the pending work itself is part of the result
 */
export async function rehearse(request: RehearseRequest): Promise<Rehearsal> {
  const { folder, applied, statistics, major, scratchUrl } = request;
  await using scratch = await startScratch({
    major,
    ...(scratchUrl === undefined ? {} : { url: scratchUrl }),
    // Without fsync a commit, and with it a backfill, would take less time than it does.
    durable: true,
  });
  const isShared = !scratch.isEmbedded;
  await scratch.createRoles(await rolesOf(folder.migrations, isShared));
  const before = folder.migrations.filter(({ id }) => applied.has(id));
  const confinement = new Confinement({ isShared });
  const pending = await confinement.confine(folder.migrations.filter(({ id }) => !applied.has(id)));
  await scratch.createRoles(confinement.roles);
  request.onProgress?.(`on scratch: ${before.length} applied migrations`);
  const history = await scratch.template("rehearse", async (url) =>
    applyHistory(url, before, { isShared }),
  );
  const stage = new Stage(request, scratch, history, pending);
  return await stage.run(statistics);
}

class Stage {
  readonly #request: RehearseRequest;
  readonly #scratch: Scratch;
  readonly #history: string;
  readonly #pending: readonly Migration[];
  readonly #remarks: string[] = [];
  #assumed: readonly AssumedKey[] = [];
  #failure: RehearsalFailure | undefined;

  constructor(
    request: RehearseRequest,
    scratch: Scratch,
    history: string,
    pending: readonly Migration[],
  ) {
    this.#request = request;
    this.#scratch = scratch;
    this.#history = history;
    this.#pending = pending;
  }

  async run(statistics: Sizes): Promise<Rehearsal> {
    const { scales, plans, seed, load } = this.#request;
    this.#assumed = await keysToCome(this.#pending);
    for (const { table, columns } of this.#assumed)
      this.#remarks.push(
        `rows obey the foreign key that ${table.name} (${columns.join(", ")}) gets: whether production's do is not known`,
      );
    const planned = (id: string) =>
      plans.find(({ manifest }) => manifest.migration.id === id)?.manifest.id ?? null;
    const effects = await this.#effects(this.#pending.filter(({ id }) => planned(id) === null));
    const ordered = scales.toSorted((a, b) => a - b);
    const done: Done[] = [];
    let loaded:
      | {
          readonly load: RehearsedLoad;
          readonly ran: Ran;
          readonly statements: readonly LoadStatement[];
        }
      | undefined;
    let again: Rehearsal["again"];
    for (const scale of ordered) {
      const isLargest = scale === ordered.at(-1);
      const { name, url, clone, drop } = await this.#clone(scale);
      const copy =
        isLargest && load !== undefined
          ? await this.#scratch.createDatabase({ template: name })
          : undefined;
      if (copy !== undefined) await this.#adopt(copy.url);
      this.#tell(`scale ${scale}: the pending work, alone`);
      const ran = await this.#runOn(url, false);
      done.push({ scale, clone, ran });
      this.#note(ran, scale, false);
      if (ran.error === undefined && isLargest) again = await this.#again(url);
      await drop();
      if (copy !== undefined && ran.error === undefined) {
        this.#tell(`scale ${scale}: the pending work beside a load`);
        loaded = await this.#besideLoad(copy.url, scale, clone.makers);
        if (loaded !== undefined) this.#note(loaded.ran, scale, true);
      }
      await copy?.drop();
      if (this.#failure !== undefined) break;
    }
    const whole = done.filter(({ ran }) => ran.error === undefined);
    return {
      version: 1,
      takenAt: new Date().toISOString(),
      source: {
        takenAt: statistics.takenAt,
        serverVersion: statistics.serverVersion,
        ...sumOf(statistics, this.#clonedNames(done)),
      },
      server: await this.#version(),
      seed,
      pending: this.#pending.map(({ id, file }) => ({ id, file, plan: planned(id) })),
      statements: statementsOf(whole, effects, loaded),
      scales: done.map(scaleOf),
      load: loaded?.load,
      again,
      estimate: estimate({
        measured: whole.map(({ scale, ran }) => ({ scale, ms: ran.ended - ran.began })),
        work: [],
        underLoad: undefined,
      }),
      failure: this.#failure,
      remarks: this.#remarks,
    };
  }

  #clonedNames(done: readonly Done[]): ReadonlySet<string> {
    return new Set(done[0]?.clone.tables.map(({ relation }) => relation));
  }

  async #effects(migrations: readonly Migration[]): Promise<ReadonlyMap<string, Effect>> {
    this.#tell("what each statement locks");
    const database = await this.#scratch.createDatabase({ template: this.#history });
    try {
      await this.#adopt(database.url);
      return await observedEffects(database.url, migrations);
    } finally {
      await database.drop();
    }
  }

  async #clone(scale: number) {
    const { statistics, seed, folder, applied, onProgress, signal } = this.#request;
    const database = await this.#scratch.createDatabase({ template: this.#history });
    await this.#adopt(database.url);
    await using session = await Session.open({
      url: database.url,
      applicationName: "lockstep/rehearse clone",
    });
    const clone = await fillClone({
      session,
      statistics,
      scale,
      seed,
      assumed: this.#assumed,
      onProgress: (progress) => onProgress?.(progressLine(scale, progress)),
      signal,
    });
    await markApplied({
      url: database.url,
      folder: forScratch(folder),
      migrations: applied,
      reason: "the source has it",
      verify: async () => {},
      emit: () => {},
      signal,
      options: { command: "rehearse" },
    });
    if (scale === Math.max(...this.#request.scales))
      this.#remarks.push(...remarksOn(clone, scale, statistics, folder.ledger));
    return { ...database, clone, drop: async () => database.drop() };
  }

  async #runOn(url: string, withWaits: boolean): Promise<Ran> {
    const { folder, plans, runner, signal } = this.#request;
    const applied = folder.migrations.filter(({ id }) => this.#request.applied.has(id));
    const own = { ...forScratch(folder), migrations: [...applied, ...this.#pending] };
    return runOnce({
      url,
      folder: { ...own, migrations: inOrder(folder, own.migrations) },
      plans,
      runner: withWaits ? { retryForMs: patienceMs, ...given(runner) } : runner,
      withWaits,
      signal,
    });
  }

  /** Nothing is left to do, and nothing changes. */
  async #again(url: string): Promise<Rehearsal["again"]> {
    const print = async () => {
      await using session = await Session.open({ url, applicationName: "lockstep/rehearse" });
      return await fingerprint(await introspect(session));
    };
    const before = await print();
    const { applied, error } = await this.#runOn(url, false);
    if (error !== undefined) throw error;
    return { applied, sameCatalog: before === (await print()) };
  }

  async #besideLoad(url: string, scale: number, makers: readonly RowMaker[]) {
    const { load: wanted } = this.#request;
    if (wanted === undefined) return undefined;
    const { perSecond, sessions, calmMs } = wanted;
    await using session = await Session.open({ url, applicationName: "lockstep/rehearse" });
    const tables = await loadTables(session, await introspect(session), makers);
    if (tables.length === 0) {
      this.#remarks.push("no load was made: no table has a primary key and rows");
      return undefined;
    }
    await using load = await Load.open({ url, tables, perSecond, sessions });
    this.#remarks.push(...(await load.rehearse()));
    load.start();
    await calm(calmMs);
    const ran = await this.#runOn(url, true);
    await calm(calmMs);
    await load.stop();
    const told: RehearsedLoad = {
      scale,
      perSecond,
      sessions,
      tables: tables.length,
      ...besideLoad(ran, load.done),
      retries: ran.retries,
    };
    return { load: told, ran, statements: load.done };
  }

  #note({ error, carried }: Ran, scale: number, underLoad: boolean): void {
    for (const plan of carried) {
      const text = `plan ${plan} was carried up to its contract phase, which was not rehearsed; its backfill counts in the whole only`;
      if (!this.#remarks.includes(text)) this.#remarks.push(text);
    }
    if (error === undefined || this.#failure !== undefined) return;
    if (!isLockstepError(error) || error.code === "run-cancelled") throw error;
    const { what, found } = error.explanation;
    this.#failure = { scale, underLoad, code: error.code, what, found };
  }

  async #adopt(url: string): Promise<void> {
    await adoptSettings(url, scratchSettings(this.#request.statistics.settings ?? {}));
  }

  async #version(): Promise<string> {
    await using session = await Session.open({
      url: this.#scratch.url,
      applicationName: "lockstep/rehearse",
    });
    const [[version]] = (await session.queryArrays("SHOW server_version")) as [[string]];
    return version.split(" ", 1)[0]!;
  }

  #tell(text: string): void {
    this.#request.onProgress?.(text);
  }
}

function given(options: GivenRunOptions): GivenRunOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function inOrder(folder: MigrationFolder, migrations: readonly Migration[]): readonly Migration[] {
  const own = new Map(migrations.map((migration) => [migration.id, migration]));
  return folder.migrations.flatMap(({ id }) => own.get(id) ?? []);
}

function progressLine(
  scale: number,
  { relation, number, of, rows, wanted }: CloneProgress,
): string {
  return `scale ${scale}: ${number} of ${of} tables, ${relation} ${rows} of ${wanted} rows`;
}

async function calm(ms: number): Promise<void> {
  await new Promise<void>((resolve) => {
    setTimeout(resolve, ms);
  });
}
