import { randomUUID } from "node:crypto";
import { isLockstepError, LockstepError } from "../errors/index.ts";
import {
  backSource,
  finishRun,
  forgetSourceSql,
  plansInFlight,
  recordMigrationSql,
  startRun,
} from "../ledger/index.ts";
import { Session } from "../pg/index.ts";
import { quoteLiteral } from "../sql/index.ts";
import type { Migration, MigrationFolder } from "../tools/index.ts";
import { cancellation } from "./cancel.ts";
import { waitForLock } from "./keeper.ts";
import { ledgerFailure } from "./ledger-failure.ts";
import { runOptions } from "./options.ts";
import { readOutstanding } from "./outstanding.ts";
import { compareWithCatalog, type Verdict } from "./resolve-proof.ts";
import { requireUsable } from "./requirements.ts";
import { sessionName } from "./session-names.ts";
import { detailsOf, takeOver } from "./take-over.ts";
import type { ResolveRequest, ResolveResult } from "./resolve.ts";

/** What `resolve` does. */
export async function resolveLocked(request: ResolveRequest): Promise<ResolveResult> {
  const run = request.run ?? randomUUID();
  const options = runOptions({
    ...request.options,
    command: "resolve",
    allowOutOfOrder: true,
    allowMissing: true,
  });
  const { url, folder, as } = request;
  const migration = folder.migrations.find(({ id }) => id === request.migration);
  if (migration === undefined) throw unknownMigration(request);
  await using session = await Session.open({ url, applicationName: sessionName(run, "keeper") });
  try {
    await requireUsable(session, url, run);
    const { emit } = request;
    const signal = cancellation(request.signal);
    await waitForLock({ session, emit, options, signal }, async () => false);
    await using keeper = await takeOver({ session, run, emit, options, signal });
    await keeper.use(async () => refuseInFlight(session, folder, migration));
    const state = await keeper.use(async () => readStanding(session, folder, migration));
    const base = { run, migration: migration.id, as };
    if (isSettled(state, as)) return { ...base, changed: false, differences: [], unseen: [] };
    const verdict = await compareWithCatalog(folder, migration, state.applied, request).catch(
      (error: unknown) => {
        if (request.force === undefined || !isLockstepError(error)) throw error;
        return { differences: [error.message], unseen: [], isVisible: false };
      },
    );
    const isProven = verdict.differences.length === 0 && verdict.isVisible;
    if (!isProven && request.force === undefined) throw refused(request, migration, verdict);
    const { reason } = request.force ?? {};
    const detail = { migration: migration.id, as, reason, differences: verdict.differences };
    await keeper.use(async () => {
      await startRun(session, { ...detailsOf(run, options), detail }, keeper.fence);
      await settle(session, request, migration, state, { run, fence: keeper.fence });
      await finishRun(session, run, "succeeded");
    });
    const { differences, unseen } = verdict;
    return { ...base, changed: true, differences, unseen };
  } catch (error) {
    throw ledgerFailure(error, session.where);
  }
}

/**
 * The record of a migration that its plan carries is the plan's: without it the migration tool would run the naive
 * statement beside it.
 * @throws LockstepError `resolve-refused`
 */
async function refuseInFlight(
  session: Session,
  { source }: MigrationFolder,
  migration: Migration,
): Promise<void> {
  const plan = (await plansInFlight(session)).find(
    (one) => one.source === source && one.migration === migration.id,
  );
  if (plan === undefined) return;
  throw new LockstepError("resolve-refused", {
    what: `plan ${plan.id} carries "${migration.id}"`,
    expected: "a migration that no plan in flight carries",
    found: `${plan.phase} since ${plan.since.toISOString()}`,
    from: "lockstep.plan",
    why: "it counts as applied for as long as its plan is in flight, so that nobody runs it as it was written",
    next: [`finish the plan: lockstep migrate`, `or take it back: lockstep rollback ${plan.id}`],
  });
}

/** What both ledgers say now. */
interface Standing {
  /** An earlier run has begun it and left rows. */
  readonly hasUnits: boolean;
  /** A rollback of it was begun and has not come to its end. */
  readonly isGoingBack: boolean;
  readonly inOurs: boolean;
  /** Undefined when the tool has no ledger of its own. */
  readonly inTheirs: boolean | undefined;
  /** The tool's ledger says that it was begun and not finished. */
  readonly isBegun: boolean;
  /** Ids that count as applied, this one left out. */
  readonly applied: ReadonlySet<string>;
}

async function readStanding(
  session: Session,
  folder: MigrationFolder,
  migration: Migration,
): Promise<Standing> {
  const lenient = runOptions({
    allowMissing: true,
    allowOutOfOrder: true,
    allowGoingBack: true,
  });
  const others = folder.migrations.filter(({ id }) => id !== migration.id);
  const { history, todo } = await readOutstanding(
    session,
    { ...folder, migrations: others },
    lenient,
  );
  const pending = new Set(todo.pending.map(({ id }) => id));
  const native = await folder.ledger?.read(session, folder.migrations);
  return {
    hasUnits: history.units.has(migration.id),
    isGoingBack: history.goingBack.has(migration.id),
    inOurs: history.migrations.has(migration.id),
    inTheirs: native?.some(({ id, unfinished }) => id === migration.id && unfinished === undefined),
    isBegun:
      native?.some(({ id, unfinished }) => id === migration.id && unfinished !== undefined) ===
      true,
    applied: new Set(others.map(({ id }) => id).filter((id) => !pending.has(id))),
  };
}

function isSettled(state: Standing, as: ResolveRequest["as"]): boolean {
  const { hasUnits, inOurs, inTheirs, isBegun, isGoingBack } = state;
  if (isBegun || isGoingBack) return false;
  if (as === "applied") return inOurs && inTheirs !== false;
  return !inOurs && inTheirs !== true && !hasUnits;
}

/** Writes both ledgers in one transaction on the very session that holds the lock: losing it undoes the writing. */
async function settle(
  session: Session,
  { folder, as, force }: ResolveRequest,
  migration: Migration,
  { inOurs, inTheirs, isBegun }: Standing,
  by: { readonly run: string; readonly fence: number },
): Promise<void> {
  const source = quoteLiteral(folder.source);
  const id = quoteLiteral(migration.id);
  const sql = [
    `DELETE FROM lockstep.unit WHERE source = ${source} AND migration = ${id}`,
    ...forgetSourceSql(backSource(folder.source)),
  ];
  const isApplied = as === "applied";
  if (inOurs) sql.push(`DELETE FROM lockstep.migration WHERE source = ${source} AND id = ${id}`);
  if (isApplied)
    sql.push(
      recordMigrationSql(
        { source: folder.source, ...by },
        { ...migration, how: "resolved", reason: force?.reason },
      ),
    );
  if (folder.ledger !== undefined && (isBegun || inTheirs !== isApplied)) {
    const { createSql } = folder.ledger;
    if (isApplied) sql.push(createSql, ...folder.ledger.recordSql(migration, "marked"));
    else sql.push(...folder.ledger.eraseSql(migration));
  }
  try {
    await session.batch(["BEGIN", ...sql, "COMMIT"].join("\n;\n"));
  } catch (error) {
    await session.query("ROLLBACK").catch(() => {});
    throw error;
  }
}

function unknownMigration({ folder, migration }: ResolveRequest): LockstepError {
  return new LockstepError("usage", {
    what: `there is no migration "${migration}" in ${folder.path}`,
    expected: "the id of a migration of the folder",
    found: folder.migrations
      .map(({ id }) => id)
      .slice(-5)
      .join(", "),
    from: folder.path,
    next: ["lockstep status"],
  });
}

function refused(
  { as }: ResolveRequest,
  migration: Migration,
  { differences, isVisible }: Verdict,
): LockstepError {
  const want = as === "applied" ? "after" : "before";
  return new LockstepError("resolve-refused", {
    what: `the catalog does not show "${migration.id}" as ${as === "applied" ? "applied" : "rolled back"}`,
    expected: `what the migration touches as it is ${want} it`,
    found:
      differences.length > 0
        ? differences.join("\n")
        : "I do not know: the migration changes nothing that the catalog shows",
    from: migration.file,
    why: isVisible
      ? "it was applied in part, or the objects were changed by hand since"
      : "statements on data leave no trace in the catalog",
    next: [
      as === "applied"
        ? "bring the database to that state, or run the rest: lockstep migrate"
        : "take those changes back first",
      `or settle it on your own knowledge: lockstep resolve ${migration.id} --as ${as} --force "WHY"`,
    ],
  });
}
