import { diff, introspect, type Difference } from "../catalog/index.ts";
import { isLockstepError } from "../errors/index.ts";
import { plansInFlight } from "../ledger/index.ts";
import type { Session } from "../pg/index.ts";
import { isBetween, whileBothRun } from "../phases/index.ts";
import type { PlanFolder } from "../plan/index.ts";
import { readStatusOn, type FolderStatus } from "../runner/index.ts";
import type { Scratch } from "../scratch/index.ts";
import { ledgerOf, type MigrationFolder } from "../tools/index.ts";
import { describeKind, describeValue } from "./drift-words.ts";
import { isLedgerSchema, onScratch, rolesFor, runOnScratch } from "./history-on-scratch.ts";

/** One object that is not as the applied migrations make it. */
export interface Drift {
  /** Qualified name, as in `Difference` of the catalog. */
  readonly object: string;
  readonly kind: Difference["kind"];
  /** What differs, in words: `column`, `type of column`, `definition of view` … */
  readonly what: string;
  /** What the migrations make. */
  readonly expected: string;
  /** What the database has. */
  readonly found: string;
}

/** Why it was not looked for. */
export interface DriftUnknown {
  readonly reason: string;
}

export interface DriftOptions {
  /** Where its migrations stand, when that was read already. */
  readonly known?: FolderStatus | undefined;
  /** The plans of the repository. */
  readonly plans?: readonly PlanFolder[];
}

/**
 * What was changed by hand (A6): the live catalog against the one that the applied migrations make on scratch. Comments,
 * grants and the order of columns are not looked at.
 *
 * @param scratch gives a server of the target's major
 * @throws LockstepError of the target's connection; where scratch cannot tell, the reason is given back
 */
export async function findDrift(
  session: Session,
  folder: MigrationFolder,
  scratch: () => Promise<Scratch>,
  { known, plans = [] }: DriftOptions = {},
): Promise<readonly Drift[] | DriftUnknown> {
  const { migrations: states } = known ?? (await readStatusOn(session, folder));
  const half = states.find(({ unitsDone, state }) => state !== "applied" && unitsDone > 0);
  if (half !== undefined) return { reason: `${half.id} is applied in part` };
  const back = states.find(({ goingBack }) => goingBack !== undefined);
  if (back !== undefined) return { reason: `${back.id} is taken back in part` };
  const edited = states.find(({ state }) => state === "edited");
  if (edited !== undefined) return { reason: `${edited.id} was edited after it was applied` };
  const foreign = states.find(({ state }) => state === "unknown");
  if (foreign !== undefined) return { reason: `${foreign.id} is not in this folder` };
  const applied = new Set(states.filter(({ state }) => state === "applied").map(({ id }) => id));
  const inFlight = await plansInFlight(session);
  const unclear = inFlight.find(
    (row) => isBetween(row) || !plans.some(({ manifest }) => manifest.id === row.id),
  );
  if (unclear !== undefined)
    return {
      reason: isBetween(unclear)
        ? `plan ${unclear.id} is in flight: ${unclear.phase} since ${unclear.since.toISOString()}`
        : `plan ${unclear.id} is in flight, and its folder is not here`,
    };
  const roles = await rolesFor(session, folder);
  try {
    return await compare(
      session,
      whileBothRun(folder, plans, inFlight, applied),
      applied,
      roles,
      await scratch(),
    );
  } catch (error) {
    const isKnown = isLockstepError(error) && error.code.startsWith("scratch-");
    if (!isKnown) throw error;
    const { what, found } = error.explanation;
    return {
      reason: [what, found?.split("\n", 1)[0]].filter((text) => text !== undefined).join(": "),
    };
  }
}

async function compare(
  session: Session,
  folder: MigrationFolder,
  applied: ReadonlySet<string>,
  roles: readonly string[],
  scratch: Scratch,
): Promise<readonly Drift[]> {
  return onScratch(scratch, { roles }, async (history) => {
    const migrations = folder.migrations.filter(({ id }) => applied.has(id));
    await runOnScratch(history, { ...folder, migrations }, "the applied migrations");
    const ignore = ledgerOf(folder);
    const differences = await diff(
      await introspect(history.session, { ignore }),
      await introspect(session, { ignore }),
      { columnOrder: false },
    );
    return differences
      .filter((one) => !/comment|grant/.test(one.kind) && !isLedgerSchema(one, folder))
      .map(describe);
  });
}

function describe({ kind, object, before, after }: Difference): Drift {
  return {
    object,
    kind,
    what: describeKind(kind),
    expected: kind.startsWith("extra-")
      ? "no migration makes it"
      : describeValue(kind, before, after),
    found: kind.startsWith("missing-") ? "it is not there" : describeValue(kind, after, before),
  };
}
