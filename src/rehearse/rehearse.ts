import { fingerprint, introspect } from "../catalog/index.ts";
import { applyHistory, rolesOf } from "../check/index.ts";
import { explainNoRoom, type AssumedKey, type RowMaker } from "../clone/index.ts";
import type { Sizes } from "../effects/index.ts";
import { isLockstepError } from "../errors/index.ts";
import { serverVersion, Session } from "../pg/index.ts";
import type { GivenRunOptions } from "../runner/index.ts";
import { Confinement, startScratch, type Scratch } from "../scratch/index.ts";
import { forScratch, type Migration, type MigrationFolder } from "../tools/index.ts";
import { Clones, type Sized } from "./clones.ts";
import { Copies } from "./copies.ts";
import { foundOf } from "./found.ts";
import { keysToCome } from "./keys-to-come.ts";
import type { Rehearsal, RehearsalFailure, SanitisedRows } from "./model.ts";
import { recoveryOf, timesOf, type RestoresTimed } from "./recovery.ts";
import { lackingRemarks, remarksOn, unknownRemarks } from "./remarks.ts";
import { rehearseStep } from "./pipeline-step.ts";
import type { RehearseRequest } from "./request.ts";
import { runOnce, type Ran, type RunRequest } from "./run-once.ts";
import { scaledCache } from "./scale-settings.ts";
import { lackedShare, shortRemarks, shortTables } from "./short-tables.ts";
import {
  scaleOf,
  statementsOf,
  sumOf,
  waitingOf,
  wholeEstimate,
  wholeOf,
  withoutEstimate,
  type Done,
} from "./told.ts";
import { underLoad, type UnderLoad } from "./under-load.ts";
import { backOf, goBack, type WayOfSize } from "./way-back.ts";

/** How often the work is run on each size, as far as that takes no longer than this in all, in ms. */
const times = 3;
const mostRepeatMs = 30_000;
/** Clones with more are not dumped and restored: it would take longer than the work. */
const mostRestoredBytes = 512 * 1024 * 1024;
/** One row in each table that has any. */
const bareScale = 1e-12;

/** How long a statement is tried beside the load, unless the run's own setting says so: a lock that is not free by then is told. */
const patienceMs = 20_000;

/**
 * Runs the pending migrations and plans on clones made from statistics, through the real runner: at each scale alone, and on the
 * largest once more beside a load and once more with nothing left to do. Nothing touches the source.
 *
 * @throws LockstepError `scratch-unavailable`, also where a copy finds no room; `scratch-run-failed` when the applied migrations do not run on scratch,
 * `run-cancelled`. A failure of the pending work itself is part of the result
 */
export async function rehearse(request: RehearseRequest): Promise<Rehearsal> {
  const { folder, applied, statistics, scales, major, scratchUrl } = request;
  await using scratch = await startScratch({
    major,
    ...(scratchUrl === undefined ? {} : { url: scratchUrl }),
    // Without fsync a commit, and with it a backfill, would take less time than it does.
    durable: true,
    settings: scaledCache(statistics.server, Math.max(...scales)),
  });
  const isShared = !scratch.isEmbedded || request.copyUrl !== undefined;
  await scratch.createRoles(await rolesOf(folder.migrations, isShared));
  const before = folder.migrations.filter(({ id }) => applied.has(id));
  const confinement = new Confinement({ isShared });
  const pending = await confinement.confine(folder.migrations.filter(({ id }) => !applied.has(id)));
  await scratch.createRoles(confinement.roles);
  request.onProgress?.(`on scratch: ${before.length} applied migrations`);
  const history = await scratch.template("rehearse", async (url) =>
    applyHistory(url, before, { isShared }),
  );
  const { copyUrl } = request;
  const assumed = isReal(request) ? [] : await keysToCome(pending);
  const clones = new Clones(request, scratch, history, assumed);
  try {
    if (copyUrl === undefined)
      return await new Stage(request, scratch, { clones }, pending).run(statistics, assumed);
    await using copies = await Copies.open(request, copyUrl);
    await copies.scratch.createRoles(confinement.roles);
    const ground = { clones, copies };
    return await new Stage(request, copies.scratch, ground, pending).run(statistics, assumed);
  } catch (error) {
    throw explainNoRoom(error);
  }
}

/** Where the work is rehearsed: on made rows, or on those of a copy. */
interface Ground {
  readonly clones: Clones;
  readonly copies?: Copies;
}

class Stage {
  readonly #request: RehearseRequest;
  readonly #scratch: Scratch;
  readonly #ground: Ground;
  readonly #pending: readonly Migration[];
  readonly #remarks: string[] = [];
  #failure: RehearsalFailure | undefined;
  #restores: RestoresTimed = { runs: [], notKnown: undefined };

  constructor(
    request: RehearseRequest,
    scratch: Scratch,
    ground: Ground,
    pending: readonly Migration[],
  ) {
    this.#request = request;
    this.#scratch = scratch;
    this.#ground = ground;
    this.#pending = pending;
  }

  async run(statistics: Sizes, assumed: readonly AssumedKey[]): Promise<Rehearsal> {
    const { scales, plans, seed, load, calibration } = this.#request;
    this.#remarks.push(...unknownRemarks(this.#request));
    if (!this.#scratch.isEmbedded)
      this.#remarks.push(
        "WAL and temporary files are those of the whole server: what else goes on there is among them",
      );
    for (const { table, columns } of assumed)
      this.#remarks.push(
        `rows obey the foreign key that ${table.name} (${columns.join(", ")}) gets: whether production's do is not known`,
      );
    const planned = (id: string) =>
      plans.find(({ manifest }) => manifest.migration.id === id)?.manifest.id ?? null;
    this.#tell("what each statement locks");
    const effects = await this.#ground.clones.effects(
      this.#pending.filter(({ id }) => planned(id) === null),
    );
    const ordered = scales.toSorted((a, b) => a - b);
    const done: Done[] = [];
    const back: WayOfSize[] = [];
    let loaded: UnderLoad | undefined;
    let again: Rehearsal["again"];
    let step: Rehearsal["step"];
    const { clones, copies } = this.#ground;
    const isMade = !isReal(this.#request);
    const bare = isMade ? await this.#bare(clones) : [];
    let sanitised: SanitisedRows | undefined;
    for (const scale of ordered) {
      const isLargest = scale === ordered.at(-1);
      const sized = await (copies ?? clones).sized(scale);
      sanitised = sized.sanitised;
      const { ledger } = this.#request.folder;
      if (isLargest && isMade)
        this.#remarks.push(...remarksOn(sized.clone, scale, statistics, ledger));
      if (sanitised !== undefined) this.#remarks.push(...lackingRemarks(sized.clone, ledger));
      const copy = await sized.copy();
      this.#tell(`scale ${scale}: the pending work, alone`);
      const ran = await this.#runOn(copy.url, "sizes");
      this.#note(ran, scale, false);
      if (ran.error === undefined && isLargest) again = await this.#again(copy.url);
      await copy.drop();
      if (ran.error === undefined && scale === ordered[0]) step = await this.#step(sized, scale);
      const repeats =
        ran.error === undefined ? await this.#repeats(sized, scale, wholeOf(ran)) : [];
      done.push({ scale, clone: sized.clone, ran, repeats });
      if (ran.error === undefined) back.push(...(await this.#goBack(sized, scale)));
      await this.#timeRestore(sized, scale);
      if (load !== undefined && isLargest && ran.error === undefined) {
        this.#tell(`scale ${scale}: the pending work beside a load`);
        const other = await sized.copy();
        loaded = await this.#besideLoad(other.url, scale, sized.clone.makers);
        if (loaded !== undefined) this.#note(loaded.ran, scale, true);
        await other.drop();
      }
      await sized.drop();
      if (this.#failure !== undefined) break;
    }
    const whole = done.filter(({ ran }) => ran.error === undefined);
    const waiting = waitingOf(whole.flatMap(({ ran, repeats }) => [ran, ...repeats]));
    if (waiting > 0.1)
      this.#remarks.push(
        `the machine was busy: ${Math.round(waiting * 100)} % of the time the server waited for a processor, which is left out`,
      );
    const statements = statementsOf(whole, bare, effects, loaded, calibration);
    const short = shortTables(whole.at(-1)?.clone ?? { tables: [] });
    this.#remarks.push(...shortRemarks(statements, short));
    const wayBack = backOf(back, calibration, new Set(withoutEstimate(statements)));
    const { url } = this.#scratch;
    return {
      version: 1,
      takenAt: new Date().toISOString(),
      source: {
        takenAt: statistics.takenAt,
        serverVersion: statistics.serverVersion,
        copy: copies?.name ?? null,
        ...(sanitised === undefined ? {} : { sanitised }),
        ...sumOf(statistics, this.#clonedNames(done)),
      },
      server: await serverVersion({ url, applicationName: "lockstep/rehearse" }),
      seed,
      pending: this.#pending.map(({ id, file }) => ({ id, file, plan: planned(id) })),
      statements,
      scales: done.map(scaleOf),
      load: loaded?.load,
      again,
      back: wayBack,
      ...(step === undefined ? {} : { step }),
      estimate: wholeEstimate(whole, bare, statements, calibration),
      recovery: await this.#recovery(statistics, statements, wayBack),
      failure: this.#failure,
      remarks: this.#remarks,
    };
  }

  /** How long a dump of these rows takes to be restored; the larger ones are left out, and those that lack rows. */
  async #timeRestore({ clone, copy }: Sized, scale: number): Promise<void> {
    const { recovery } = this.#request;
    if (recovery?.by !== "dump" || this.#restores.notKnown !== undefined) return;
    const { restored } = recovery;
    if (restored !== undefined && timesOf(restored, this.#request.statistics) !== undefined) return;
    const lacking = lackedShare(clone);
    if (lacking > 0.1) {
      const notKnown = `the clones lack rows that a dump would have, ${Math.round(lacking * 100)} % of the bytes`;
      this.#restores = { runs: [], notKnown };
      return;
    }
    if (clone.tables.reduce((sum, { bytes }) => sum + bytes, 0) > mostRestoredBytes) {
      const notKnown = `the clone of ${scale * 100} % has more than ${mostRestoredBytes >> 20} MB, which was not dumped and restored`;
      this.#restores = { runs: [], notKnown };
      return;
    }
    this.#tell(`scale ${scale}: dumped and restored`);
    const from = await copy();
    const to = await this.#scratch.createDatabase();
    try {
      const ms = await recovery.timeRestore(from.url, to.url);
      this.#restores = { runs: [...this.#restores.runs, { scale, ms }], notKnown: undefined };
    } catch (error) {
      if (!isLockstepError(error) || error.code === "run-cancelled") throw error;
      const { what, found } = error.explanation;
      const detail = found === undefined ? "" : ` (${found.trim().replaceAll("\n", "; ")})`;
      this.#restores = { runs: [], notKnown: `${what}${detail}` };
    } finally {
      await to.drop();
      await from.drop();
    }
  }

  async #recovery(
    statistics: Sizes,
    statements: Rehearsal["statements"],
    back: Rehearsal["back"],
  ): Promise<Rehearsal["recovery"]> {
    const { recovery: request } = this.#request;
    if (request === undefined || this.#failure !== undefined) return undefined;
    const ground = { request, statistics, statements, back };
    return recoveryOf({ ...ground, restores: this.#restores, pending: this.#pending });
  }

  /** What does not grow with the rows: the work on tables of one row each, as often as elsewhere. Nothing where it fails on those. */
  async #bare(clones: Clones): Promise<readonly Ran[]> {
    const sized = await clones.sized(bareScale);
    const runs: Ran[] = [];
    for (let number = 0; number < times; number++) {
      const copy = await sized.copy();
      const ran = await this.#runOn(copy.url, "nothing");
      await copy.drop();
      if (ran.error !== undefined) break;
      runs.push(ran);
    }
    await sized.drop();
    return runs;
  }

  async #repeats(sized: Sized, scale: number, firstMs: number): Promise<readonly Ran[]> {
    const runs: Ran[] = [];
    let spent = firstMs;
    while (runs.length + 1 < times && spent + firstMs <= mostRepeatMs) {
      this.#tell(`scale ${scale}: once more, ${runs.length + 2} of ${times}`);
      const copy = await sized.copy();
      const ran = await this.#runOn(copy.url, "nothing");
      await copy.drop();
      if (ran.error !== undefined) break;
      spent += wholeOf(ran);
      runs.push(ran);
    }
    return runs;
  }

  #clonedNames(done: readonly Done[]): ReadonlySet<string> {
    return new Set(done[0]?.clone.tables.map(({ relation }) => relation));
  }

  async #runOn(
    url: string,
    look: RunRequest["look"],
    { pending = this.#pending, toTheEnd = true } = {},
  ): Promise<Ran> {
    const { plans, runner, signal } = this.#request;
    return runOnce({
      url,
      folder: this.#folderWith(pending),
      plans,
      runner: look === "waits" ? { retryForMs: patienceMs, ...given(runner) } : runner,
      look,
      toTheEnd,
      signal,
    });
  }

  #folderWith(pending: readonly Migration[]): MigrationFolder {
    const { folder, applied } = this.#request;
    const before = folder.migrations.filter(({ id }) => applied.has(id));
    return { ...forScratch(folder), migrations: inOrder(folder, [...before, ...pending]) };
  }

  async #step(sized: Sized, scale: number): Promise<Rehearsal["step"]> {
    const { step, folder, applied, copyUrl, signal } = this.#request;
    if (step === undefined) return undefined;
    this.#tell(`scale ${scale}: ${step.shown}`);
    const isShared = !this.#scratch.isEmbedded;
    const common = { step, scale, sized, folder, signal, isShared, pending: this.#pending };
    return rehearseStep({
      ...common,
      applied: copyUrl === undefined ? applied : undefined,
      isReal: isReal(this.#request),
      run: async (url, toTheEnd) => this.#runOn(url, "nothing", { toTheEnd }),
    });
  }

  /** Up, back and up again. What is programs is taken back by its tool's own command, which is not run here. */
  async #goBack(sized: Sized, scale: number): Promise<readonly WayOfSize[]> {
    const { folder, plans, cwd, signal } = this.#request;
    if (folder.program !== undefined) return [];
    this.#tell(`scale ${scale}: back, and up again`);
    const copy = await sized.copy();
    const { url } = copy;
    const way = await goBack({
      url,
      scale,
      folder: this.#folderWith(this.#pending),
      pending: this.#pending,
      plans,
      cwd,
      isReal: isReal(this.#request),
      up: async (pending) => this.#runOn(url, "nothing", { pending, toTheEnd: false }),
      signal,
    });
    await copy.drop();
    return way === undefined ? [] : [way];
  }

  /** Nothing is left to do, and nothing changes. */
  async #again(url: string): Promise<Rehearsal["again"]> {
    const print = async () => {
      await using session = await Session.open({ url, applicationName: "lockstep/rehearse" });
      return await fingerprint(await introspect(session));
    };
    const before = await print();
    const { applied, error } = await this.#runOn(url, "nothing");
    if (error !== undefined) throw error;
    return { applied, sameCatalog: before === (await print()) };
  }

  async #besideLoad(
    url: string,
    scale: number,
    makers: readonly RowMaker[],
  ): Promise<UnderLoad | undefined> {
    const { load, statistics, seed } = this.#request;
    if (load === undefined) return undefined;
    const run = async () => this.#runOn(url, "waits", { toTheEnd: false });
    const made = await underLoad({ url, scale, load, makers, statistics, seed, run });
    this.#remarks.push(...made.remarks);
    return made.under;
  }

  #note({ error, carried, finished }: Ran, scale: number, underLoad: boolean): void {
    for (const plan of carried) {
      const text = `plan ${plan}: its backfill counts in the whole only${finished.includes(plan) ? "" : "; the load ran up to its contract phase, not beside that"}`;
      if (!this.#remarks.includes(text)) this.#remarks.push(text);
    }
    if (error === undefined || this.#failure !== undefined) return;
    if (!isLockstepError(error) || error.code === "run-cancelled") throw error;
    const { what } = error.explanation;
    const found = foundOf(error, isReal(this.#request));
    this.#failure = { scale, underLoad, code: error.code, what, found };
  }

  #tell(text: string): void {
    this.#request.onProgress?.(text);
  }
}

/** Rows that are the source's own, as they are or masked. */
function isReal({ copyUrl, sanitise }: RehearseRequest): boolean {
  return copyUrl !== undefined || sanitise !== undefined;
}

function given(options: GivenRunOptions): GivenRunOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function inOrder(folder: MigrationFolder, migrations: readonly Migration[]): readonly Migration[] {
  const own = new Map(migrations.map((migration) => [migration.id, migration]));
  return folder.migrations.flatMap(({ id }) => own.get(id) ?? []);
}
