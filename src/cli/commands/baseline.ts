import { randomUUID } from "node:crypto";
import { resolve } from "node:path";
import {
  findBaseline,
  leftSentence,
  printedParts,
  printsOf,
  reconcileSql,
  reconcilingMigration,
  withoutLedgerSchema,
  writeReconciling,
  type Baseline,
  type PrintedCatalog,
} from "../../baseline/index.ts";
import { introspect } from "../../catalog/index.ts";
import { LockstepError } from "../../errors/index.ts";
import { emitFor } from "../../events/index.ts";
import { plansInFlight } from "../../ledger/index.ts";
import type { Session } from "../../pg/index.ts";
import { renderBaseline, type BaselineReport } from "../../report/index.ts";
import { markApplied, readStatusOn } from "../../runner/index.ts";
import { clearLeftovers, ledgerOf, type MigrationFolder } from "../../tools/index.ts";
import type { Context } from "../context.ts";
import { commandOutput } from "../output.ts";
import { openReader } from "../reader.ts";
import {
  gitCommit,
  readFolder,
  readSettings,
  runnerSettings,
  scratchOptions,
  type TargetOptions,
} from "../settings.ts";
import { writeNamedFile } from "../write-file.ts";

export interface BaselineOptions extends TargetOptions {
  readonly apply?: boolean;
  readonly assume?: readonly string[];
  readonly writeReconcile?: string;
  readonly writeMigration?: boolean;
  readonly waitForRunner?: number;
}

/**
 * `lockstep baseline`: which migrations a database has, whatever its ledger says. Exit code 0 when it is exactly what they
 * make, 1 when something remains different.
 */
export async function baselineCommand(options: BaselineOptions, context: Context): Promise<number> {
  const { loaded, environment } = await readSettings(options, context);
  const cleared = options.writeMigration === true ? clearedIn(options, loaded, context) : [];
  const folder = await readFolder(options, loaded, context);
  const output = commandOutput(options, context);
  await using session = await openReader(environment.url, "baseline");
  await refusePlans(session);
  const database = await readDatabase(session, folder);
  const scratch = scratchOptions(options, loaded, context);
  const baseline = await findBaseline({
    folder,
    database,
    status: await readStatusOn(session, folder),
    assume: options.assume ?? [],
    major: scratch.major ?? session.major,
    scratchUrl: scratch.url,
    env: context.env,
    onStep: progress(folder, context),
  });
  const reconcile =
    baseline.remains.length === 0
      ? undefined
      : reconcileSql(baseline.remains, titleOf(folder, baseline));
  const file = reconcile === undefined ? undefined : written(options, reconcile, context);
  let marked: BaselineReport["marked"];
  const settle = async () => {
    if (options.apply === true)
      marked = await mark(options, baseline, { folder, database, environment, loaded }, context);
  };
  const { major = session.major, url: scratchUrl } = scratch;
  let migration: BaselineReport["migration"];
  if (options.writeMigration === true && baseline.remains.length > 0)
    migration = await writeMigration(
      { folder, database, baseline, major, scratchUrl },
      { options, loaded, settle, cleared },
      context,
    );
  else await settle();
  const report: BaselineReport = {
    version: 1,
    environment: environment.name,
    folder: { tool: folder.tool, path: folder.path },
    ...baseline,
    remains: baseline.remains.map(({ differences: _differences, ...row }) => row),
    reconcile,
    reconcileFile: file,
    migration,
    marked,
  };
  output.result(report, () => renderBaseline(report, output.style));
  return baseline.remains.length === 0 ? 0 : 1;
}

/** What a call that was killed has left in the folder would have its tool, and so us, refuse it. */
function clearedIn(
  { folder }: BaselineOptions,
  loaded: Awaited<ReturnType<typeof readSettings>>["loaded"],
  { cwd }: Context,
): readonly string[] {
  const path =
    folder === undefined
      ? loaded.config.migrations && resolve(loaded.folder, loaded.config.migrations.folder)
      : resolve(cwd, folder);
  return path === undefined ? [] : clearLeftovers(path);
}

async function readDatabase(session: Session, folder: MigrationFolder): Promise<PrintedCatalog> {
  const catalog = await introspect(session, { ignore: ledgerOf(folder), parts: printedParts });
  return withoutLedgerSchema(catalog, folder);
}

async function refusePlans(session: Session): Promise<void> {
  const [plan] = await plansInFlight(session);
  if (plan === undefined) return;
  throw new LockstepError("usage", {
    what: `plan ${plan.id} is in flight: what it adds for the time would pass for changes made by hand`,
    expected: "a database in which no plan is between its phases",
    found: `${plan.phase} since ${plan.since.toISOString()}`,
    from: "lockstep.plan",
    next: ["finish it: lockstep migrate", `or take it back: lockstep rollback ${plan.id}`],
  });
}

function titleOf({ path }: MigrationFolder, { migrations, prefix }: Baseline): string {
  const last = migrations[prefix.length - 1]?.id ?? "an empty database";
  return `Brings a database to what ${path} makes up to ${last}.`;
}

/** Writes the reconciling SQL where it was asked for; never over a file that is there. */
function written(
  { writeReconcile }: BaselineOptions,
  sql: string,
  context: Context,
): string | undefined {
  if (writeReconcile !== undefined)
    writeNamedFile(writeReconcile, sql, context, "--write-reconcile fix.sql", "wx");
  return writeReconcile;
}

/** Writes the next migration of the folder, where the catalogs tell any statement for it. */
async function writeMigration(
  request: Parameters<typeof reconcilingMigration>[0],
  {
    options,
    loaded,
    settle,
    cleared,
  }: {
    readonly options: BaselineOptions;
    readonly loaded: Awaited<ReturnType<typeof readSettings>>["loaded"];
    readonly settle: () => Promise<void>;
    readonly cleared: readonly string[];
  },
  context: Context,
): Promise<BaselineReport["migration"]> {
  const { folder } = request;
  const migration = await reconcilingMigration(request);
  const told = {
    leaves: migration.leaves.map(leftSentence),
    untried: migration.untried,
  };
  if (migration.parts.length === 0) {
    await settle();
    return { ...told, written: undefined };
  }
  const written = await writeReconciling({
    folder,
    migration,
    root: options.folder === undefined ? loaded.folder : context.cwd,
    reread: async () => readFolder(options, loaded, context),
    settle,
  });
  const remarks = [
    ...written.remarks,
    ...cleared.map((file) => `${file}, left by a call that was cut off, was taken away first`),
  ];
  return { ...told, written: { ...written, remarks } };
}

/** Marks what is proven or assumed, if the catalog is still what it was compared with. */
async function mark(
  options: BaselineOptions,
  { migrations, prefix }: Baseline,
  {
    folder,
    database,
    environment,
    loaded,
  }: {
    readonly folder: MigrationFolder;
    readonly database: PrintedCatalog;
    readonly environment: Awaited<ReturnType<typeof readSettings>>["environment"];
    readonly loaded: Awaited<ReturnType<typeof readSettings>>["loaded"];
  },
  context: Context,
): Promise<BaselineReport["marked"]> {
  const chosen = migrations.filter(({ state }) => state === "mark" || state === "assumed");
  const run = randomUUID();
  const compared = JSON.stringify([...printsOf(database)]);
  return markApplied({
    url: environment.url,
    folder,
    migrations: new Set(chosen.map(({ id }) => id)),
    reason: `the catalog differs from the first ${prefix.length} migrations in ${prefix.distance} objects`,
    verify: async (session) => {
      const now = printsOf(await readDatabase(session, folder));
      if (JSON.stringify([...now]) !== compared) throw changedMeanwhile();
    },
    emit: emitFor(run, () => {}),
    signal: context.signal,
    run,
    options: {
      environment: environment.name,
      gitCommit: gitCommit(context),
      waitForRunnerMs: runnerSettings(options, loaded).waitForRunnerMs,
    },
  });
}

function changedMeanwhile(): LockstepError {
  return new LockstepError("resolve-refused", {
    what: "the database's schema was changed while it was compared",
    expected: "the catalog that was compared with the migrations",
    found: "another one, read again under the lock before anything was written",
    why: "somebody migrates it, or changes it by hand",
    next: ["run lockstep baseline again when they are done"],
  });
}

/** The first time each migration is run on scratch: said where a person waits. */
function progress({ migrations }: MigrationFolder, { stderr }: Context) {
  if (stderr.isTTY !== true) return undefined;
  return (at: number) => {
    const isLast = at === migrations.length - 1;
    stderr.write(
      `\r\u001b[Kon scratch: ${at + 1} of ${migrations.length} migrations${isLast ? "\r\u001b[K" : ""}`,
    );
  };
}
