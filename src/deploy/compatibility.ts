import { LockstepError } from "../errors/index.ts";
import type { Difference } from "../gate/index.ts";
import { plansInFlight } from "../ledger/index.ts";
import { isProven } from "../plan/index.ts";
import { longTransactions, requirePrivileges, type LongTransaction } from "../pg/index.ts";
import { whileBothRun } from "../phases/index.ts";
import { readStatusOn } from "../runner/index.ts";
import { forecast, type Forecast } from "./forecast.ts";
import { rolesFor } from "./history-on-scratch.ts";
import type { DeployRequest, DeployState } from "./request.ts";
import { runStage } from "./stages.ts";
import { untouched } from "./touched.ts";

/** A transaction older than this on a table that changes is worth a word before the change waits for it. */
const longSeconds = 5;

/**
 * Sees on scratch what the pending migrations change, and stops when a release that runs would break.
 * @throws LockstepError `running-release-breaks`, `scratch-run-failed`, `privilege-missing`
 */
export async function checkCompatibility(
  request: DeployRequest,
  state: DeployState,
): Promise<void> {
  const { folder } = request;
  if (folder === undefined) return;
  const { session } = state.lock;
  const { migrations } = await readStatusOn(session, folder);
  // A file edited after it was applied: the runner refuses that by name, and what it makes on scratch proves nothing.
  if (migrations.some((one) => one.state === "edited")) return;
  const applied = new Set(migrations.filter((one) => one.state === "applied").map(({ id }) => id));
  const pending = folder.migrations.filter(({ id }) => !applied.has(id));
  if (pending.length === 0) return;
  const inFlight = await plansInFlight(session);
  await runStage(
    request,
    "compatibility",
    `${pending.map(({ id }) => id).join(", ")} on a scratch Postgres ${session.major}`,
    async () => {
      if (state.unknown.length > 0 && request.allowBreaking === undefined)
        throw unknownRelease(state.unknown);
      const seen = await forecast({
        folder: whileBothRun(folder, request.plans ?? [], inFlight, applied),
        proven: new Set(
          (request.plans ?? [])
            .filter(isProven)
            .flatMap(({ manifest }) => Object.keys(manifest.start.tables)),
        ),
        applied,
        running: state.running,
        scratch: await state.scratch.get(session.major),
        roles: await rolesFor(session, folder),
        runner: { allowOutOfOrder: request.runner.allowOutOfOrder },
        signal: request.signal,
      });
      if (seen.broken.length > 0) refuse(request, state, seen);
      await requirePrivileges(session, { alter: seen.tables });
      const long = await longTransactions(session, {
        olderThanSeconds: longSeconds,
        tables: seen.tables,
      });
      for (const one of long) state.warn(describeLong(one));
      const blind = untouched(seen.changed, request.probes);
      if (request.probes.length > 0 && blind.length > 0)
        state.warn(`no probe touches ${blind.join(", ")}, which this deploy changes`);
      return seen;
    },
    (seen) => describe(seen, state),
  );
}

function describe({ changed, tables, broken }: Forecast, { running }: DeployState): string {
  const names = changed.length > 0 ? changed : tables.map((one) => `${one.schema}.${one.name}`);
  const what =
    changed.length > 0
      ? `changes ${list(names)}`
      : names.length > 0
        ? `nothing that a release can see changes; indexes of ${list(names)} do`
        : "nothing that a release can see changes";
  if (running.length === 0)
    return `${what}; no release is known to run, and nothing that one may need is taken away`;
  const who = [...new Set(running.map(({ release }) => release))].join(", ");
  return broken.length === 0
    ? `${what}; running release ${who} keeps what it needs`
    : `${what}; running release ${who} breaks, which was allowed`;
}

function list(names: readonly string[]): string {
  return names.length > 8
    ? `${names.slice(0, 8).join(", ")} and ${names.length - 8} more`
    : names.join(", ");
}

function describeLong({
  pid,
  user,
  application,
  transactionSeconds,
  query,
  holds,
}: LongTransaction): string {
  const who = application === "" ? user : `${user}, ${application}`;
  return `pid ${pid} (${who}) has had a transaction open for ${Math.round(transactionSeconds)} s and holds ${holds.join(", ")}; the migration will wait for it in short attempts: ${query}`;
}

function refuse(request: DeployRequest, state: DeployState, { broken }: Forecast): void {
  const [first] = broken;
  const lines = broken.flatMap(({ release, differences }) =>
    differences.map(
      ({ object, expected, found, from }) =>
        `release ${release} needs ${object} (${from}): ${expected}; it would find ${found}`,
    ),
  );
  if (request.allowBreaking !== undefined) {
    state.warn(
      `going on although a release breaks (${request.allowBreaking}): ${lines.join("; ")}`,
    );
    return;
  }
  if (state.running.length === 0) throw removesBlindly(first!.differences);
  throw new LockstepError("running-release-breaks", {
    what: `the pending migrations break release ${first!.release}, which is running`,
    expected: "a change that the running release survives until its last instance is gone",
    found: lines.join("\n"),
    from: first!.differences[0]!.from,
    why: "instances of the old release serve until the new one has replaced them, and after a roll-back again",
    next: [
      "move the removal into a later migration and deploy it when no instance of that release is left",
      "or, when it may break: lockstep deploy --allow-breaking 'why'",
    ],
  });
}

/** Nothing is known of what runs, and something is taken away that it may need. */
function removesBlindly(differences: readonly Difference[]): LockstepError {
  return new LockstepError("running-release-breaks", {
    what: "which release runs is not known, and the pending migrations take away what it may need",
    expected: "additions only, or a running release that is known not to need what goes",
    found: differences
      .map(({ object, expected, found }) => `${object}: ${expected} before, ${found} after`)
      .join("\n"),
    from: differences[0]!.from,
    why: "no instance has registered (lockstep/runtime) and no deploy was verified here yet",
    next: [
      "make the release that runs known: lockstep deploy of it (without a command it is only recorded)",
      "or, when nothing that runs needs it: lockstep deploy --allow-breaking 'why'",
    ],
  });
}

function unknownRelease(releases: readonly string[]): LockstepError {
  return new LockstepError("running-release-breaks", {
    what: `what the running release ${releases.join(", ")} expects is not known here`,
    expected: "its contract in lockstep.contract, stored by the deploy that brought it",
    found: "registered instances with a contract that was never stored",
    from: "lockstep.instance",
    why: "it was put into service by something other than lockstep deploy",
    next: [
      "lockstep gate --record --contract FILE, with that release's artefact, stores it when the gate is open",
      "or, when it may break: lockstep deploy --allow-breaking 'why'",
    ],
  });
}
