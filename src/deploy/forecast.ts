import { diff, introspect, type Catalog, type QualifiedName } from "../catalog/index.ts";
import { buildContract, type Contract } from "../contract/index.ts";
import { runGate, type Difference } from "../gate/index.ts";
import type { Session, TableName } from "../pg/index.ts";
import type { GivenRunOptions } from "../runner/index.ts";
import type { Scratch } from "../scratch/index.ts";
import { ledgerOf, type MigrationFolder } from "../tools/index.ts";
import { changesOf } from "./changes.ts";
import { onScratch, runOnScratch } from "./history-on-scratch.ts";

export interface ForecastOptions {
  readonly folder: MigrationFolder;
  /** Ids of the migrations that the target has already. */
  readonly applied: ReadonlySet<string>;
  /**
   * Contracts of the releases that run now. When none is known, one is presumed that needs everything the applied
   * migrations made: unknown means unsafe.
   */
  readonly running: readonly Contract[];
  readonly scratch: Scratch;
  /** Roles of the target's server: GRANTs and policies name them. */
  readonly roles: readonly string[];
  readonly runner: Pick<GivenRunOptions, "allowOutOfOrder">;
  /**
   * Tables of proven plans: that the running release goes on with a type that changes under a name was tried with its
   * statements.
   */
  readonly proven?: ReadonlySet<QualifiedName> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What the pending migrations will do, seen on scratch. */
export interface Forecast {
  /** Qualified names of the objects that change, tables' columns among them; without indexes, comments and grants. */
  readonly changed: readonly string[];
  /** The tables that exist before and change, be it by an index. */
  readonly tables: readonly TableName[];
  /** Releases that would break, each with what it would miss. */
  readonly broken: readonly {
    readonly release: string;
    readonly differences: readonly Difference[];
  }[];
}

/**
 * Applies the history and then the pending migrations on a scratch server through the real runner, and compares before
 * and after: what changes, and which running release would no longer find what it expects. What a release misses before
 * already is not the pending work's doing and not counted.
 *
 * @throws LockstepError `scratch-run-failed` when the migrations do not run on an empty database: then nothing is known,
 * and the deploy must not go on
 */
export async function forecast(options: ForecastOptions): Promise<Forecast> {
  const { folder, applied, roles, signal } = options;
  return onScratch(options.scratch, { roles, signal }, async (scratch) => {
    const migrations = folder.migrations.filter(({ id }) => applied.has(id));
    await runOnScratch(scratch, { ...folder, migrations }, "the applied migrations");
    const catalog = await introspect(scratch.session, { ignore: ledgerOf(folder) });
    const running =
      options.running.length > 0 || applied.size === 0
        ? options.running
        : [await presumedRelease(catalog, migrations, options)];
    const before = await readGates(running, scratch.session);
    await runOnScratch(scratch, folder, "the pending migrations", options.runner);
    const changed = await introspect(scratch.session, { ignore: ledgerOf(folder) });
    const after = await readGates(running, scratch.session);
    const differences = await diff(catalog, changed, { columnOrder: false });
    return {
      ...changesOf(differences, catalog, changed, folder),
      broken: running
        .map(({ release, hash }) => ({
          release,
          differences: newErrors(before.get(hash)!, after.get(hash)!).filter(
            (difference) => !isProven(difference, options.proven),
          ),
        }))
        .filter((one) => one.differences.length > 0),
    };
  });
}

/** A release that uses whatever the applied migrations made: what may run when nothing is known of it. */
async function presumedRelease(
  catalog: Catalog,
  migrations: MigrationFolder["migrations"],
  { folder, scratch }: ForecastOptions,
): Promise<Contract> {
  return buildContract({
    source: { kind: "catalog", catalog, folder: { ...folder, migrations } },
    release: "that may be running",
    scratch,
    root: process.cwd(),
  });
}

/** What each release misses, by contract hash. */
async function readGates(
  running: readonly Contract[],
  session: Session,
): Promise<ReadonlyMap<string, readonly Difference[]>> {
  const gates = new Map<string, readonly Difference[]>();
  for (const contract of running)
    gates.set(contract.hash, await catalogGate(contract, session, "scratch"));
  return gates;
}

/** The part of a gate that looks at the schema alone: no environment variables, no custom checks, no role. */
export async function catalogGate(
  contract: Contract,
  session: Session,
  environment: string,
): Promise<readonly Difference[]> {
  const { role: _, ...rest } = contract;
  const schemaOnly: Contract = { ...rest, env: [], checks: [] };
  const { differences } = await runGate({ contract: schemaOnly, database: session, environment });
  return differences;
}

function newErrors(
  before: readonly Difference[],
  after: readonly Difference[],
): readonly Difference[] {
  const known = new Set(before.map(({ object, kind }) => `${kind} ${object}`));
  return after.filter(
    ({ severity, object, kind }) => severity === "error" && !known.has(`${kind} ${object}`),
  );
}

function isProven(
  { kind, object }: Difference,
  tables: ReadonlySet<QualifiedName> = new Set(),
): boolean {
  return kind === "wrong-type" && [...tables].some((table) => object.startsWith(`${table}.`));
}
