import { diff, introspect, type Catalog } from "../catalog/index.ts";
import type { EventBody } from "../events/index.ts";
import { isLockstepError } from "../errors/index.ts";
import { Session } from "../pg/index.ts";
import { rollback } from "../phases/index.ts";
import type { PlanFolder } from "../plan/index.ts";
import { applyBack, inverseOf, writtenBack } from "../rollback/index.ts";
import { quoteLiteral } from "../sql/index.ts";
import type { Migration, MigrationFolder } from "../tools/index.ts";
import { estimate } from "./estimate.ts";
import type { Calibration, RehearsedBack, WayTaken } from "./model.ts";
import { foundOf } from "./found.ts";
import { ProcessorWaits } from "./processor-waits.ts";
import { tableDigests } from "./row-digests.ts";
import { consent, databaseOf, instanceTtlMs, type Ran } from "./run-once.ts";
import { StepLog } from "./steps.ts";

export interface WayBackRequest {
  readonly url: string;
  readonly scale: number;
  /** What the runner sees on this database. */
  readonly folder: MigrationFolder;
  readonly pending: readonly Migration[];
  readonly plans: readonly PlanFolder[];
  /** To which the migrations' files are relative. */
  readonly cwd: string;
  /** Whether the rows are the source's own, which no report may show. */
  readonly isReal: boolean;
  /** Applies the pending migrations up to and with the last of these, plans up to their contract phase. */
  readonly up: (pending: readonly Migration[]) => Promise<Ran>;
  readonly signal: AbortSignal | undefined;
}

/** The way back on one size. */
export interface WayOfSize {
  readonly scale: number;
  readonly taken: readonly (WayTaken & { readonly ms: number })[];
  readonly changedRows: readonly string[] | undefined;
  readonly sameAgain: boolean | undefined;
}

/**
 * Goes up, back and up again: the pending migrations one after the other, each taken back by its plan's abort, its down file
 * or its inverse, the last one first, and all of them once more. Undefined where they do not come to their end.
 */
export async function goBack(request: WayBackRequest): Promise<WayOfSize | undefined> {
  const { url, scale, pending, up } = request;
  await using session = await Session.open({ url, applicationName: "lockstep/rehearse" });
  const start = await introspect(session);
  const rows = await tableDigests(session, start);
  const befores: Catalog[] = [];
  for (const index of pending.keys()) {
    befores.push(await introspect(session));
    const { error } = await up(pending.slice(0, index + 1));
    if (error !== undefined) return undefined;
  }
  const end = await introspect(session);
  const taken: (WayTaken & { readonly ms: number })[] = [];
  for (const [index, migration] of [...pending.entries()].toReversed()) {
    const before = befores[index]!;
    const after = befores[index + 1] ?? end;
    const one = await takenBack(request, session, migration, { before, after });
    taken.push(one);
    if (one.refused !== undefined || one.differences.length > 0)
      return { scale, taken, changedRows: undefined, sameAgain: undefined };
  }
  const now = await tableDigests(session, start);
  const changedRows = [...rows].filter(([name, digest]) => now.get(name) !== digest);
  const { error } = await up(pending);
  const again = error === undefined ? await diff(end, await introspect(session), loosely) : [error];
  const sameAgain = again.length === 0;
  return { scale, taken, changedRows: changedRows.map(([name]) => name), sameAgain };
}

const loosely = { columnOrder: false } as const;

async function takenBack(
  request: WayBackRequest,
  session: Session,
  migration: Migration,
  sides: { readonly before: Catalog; readonly after: Catalog },
): Promise<WayTaken & { readonly ms: number }> {
  const { url, folder, plans, cwd, signal } = request;
  const log = new StepLog(new ProcessorWaits(databaseOf(url)));
  const emit = (event: EventBody) => log.emit(event);
  const plan = plans.find(({ manifest }) => manifest.migration.id === migration.id);
  const common = { url, folder, emit, signal, options: { command: "rehearse" } };
  try {
    const back =
      plan === undefined
        ? (writtenBack(folder, migration, cwd) ?? (await inverseOf(session, migration, sides)))
        : undefined;
    if (back === undefined)
      await rollback({
        ...common,
        plan: plan!.manifest.id,
        plans,
        environment: "rehearsal",
        instanceTtlMs,
        quietMs: 0,
        consent,
      });
    else {
      const recorded = await recordedOf(session, folder);
      await applyBack({ ...common, migration, back, recorded });
    }
    const found = await diff(sides.before, await introspect(session), loosely);
    return {
      migration: migration.id,
      by: back?.kind ?? "abort",
      from: back?.from ?? plan!.path,
      differences: found.map(({ kind, object }) => `${object}: ${kind.replaceAll("-", " ")}`),
      refused: undefined,
      ms: log.steps().reduce((all, { workMs }) => all + workMs, 0),
    };
  } catch (error) {
    if (!isLockstepError(error) || error.code === "run-cancelled") throw error;
    const { what } = error.explanation;
    const found = foundOf(error, request.isReal);
    const refused = found === undefined ? what : `${what} (${found.trim().replaceAll("\n", "; ")})`;
    return { migration: migration.id, by: null, from: null, differences: [], refused, ms: 0 };
  }
}

async function recordedOf(session: Session, { source }: MigrationFolder): Promise<number> {
  const { rows } = await session.query<{ count: number }>(
    `SELECT pg_catalog.count(*)::integer AS count FROM lockstep.migration WHERE source = ${quoteLiteral(source)}`,
  );
  return rows[0]!.count;
}

/**
 * The way back on all sizes as one: how long each took there, and would at full size.
 * @param unknown migrations of which no time at full size can be told
 */
export function backOf(
  sizes: readonly WayOfSize[],
  calibration: Calibration | undefined,
  unknown: ReadonlySet<string>,
): RehearsedBack | undefined {
  const largest = sizes.at(-1);
  if (largest === undefined) return undefined;
  const ways = largest.taken.map((way, index) => {
    const runs = sizes.flatMap(({ scale, taken }) => {
      const same = taken[index];
      return same === undefined || same.by === null ? [] : [{ scale, ms: same.ms }];
    });
    const measured = { measured: runs, bareMs: undefined, work: [], underLoad: undefined };
    const { migration, by, from, differences, refused } = way;
    const told = { migration, by, from, differences, refused };
    const range = unknown.has(migration) ? undefined : estimate({ ...measured, calibration });
    return { ...told, runs, estimate: range };
  });
  const { changedRows, sameAgain } = largest;
  return { ways, changedRows, sameAgain };
}
