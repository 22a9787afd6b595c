import { diff, type Catalog } from "../catalog/index.ts";
import { limitWaits, rolesFor } from "../deploy/index.ts";
import { LockstepError } from "../errors/index.ts";
import { installLedger } from "../ledger/index.ts";
import { parseConsent } from "../phases/index.ts";
import { Session } from "../pg/index.ts";
import { readStatusOn, requireUsable, type FolderStatus } from "../runner/index.ts";
import { applyBack } from "./apply.ts";
import { writtenBack } from "./back.ts";
import { lastApplied, nothingApplied } from "./last.ts";
import { guardOf } from "./guard.ts";
import { losesUnnamed } from "./losing.ts";
import { backFailure } from "./half-way.ts";
import { countHeld, holdersOf, lossesOf, type Holder } from "./losses.ts";
import { rehearse } from "./rehearse.ts";
import { noteTaken } from "./note.ts";
import type { Loss, TakeBackRequest, TakenBack } from "./request.ts";

/**
 * Takes the last applied migration back: by the way back that is written beside it, else by the inverse that the catalogs
 * tell. Rehearsed on scratch first; refused where it does not lead back, where a running release needs what goes, and where
 * rows would be lost that are not named. Both ledgers forget the migration in the transaction that takes it back.
 *
 * @throws LockstepError `rollback-refused`, `rollback-loses`, `running-release-breaks`, `scratch-run-failed`, and what
 *   `migrate` throws
 */
export async function takeBack(request: TakeBackRequest): Promise<TakenBack> {
  const { url, folder, cwd, run, emit, signal, options } = request;
  if (folder.program !== undefined) await refuseProgram(request);
  const consent = parseConsent(request.consent, "--consent");
  await using session = await Session.open({ url, applicationName: "lockstep/rollback" });
  await requireUsable(session, url, run);
  await limitWaits(session, { lock: "15s", statement: "60s" });
  const last = lastApplied(folder, await readStatusOn(session, folder), request.migration);
  const { migration } = last;
  const own = folder.program === undefined ? undefined : request.command;
  // What only folders of programs need is not loaded with every rollback.
  const byCommand = own && (await import("./by-command.ts"));
  const written = own === undefined ? writtenBack(folder, migration, cwd) : undefined;
  const { back, before, after, backed, broken, rehearsal } = await rehearse({
    folder,
    last,
    written,
    command: await byCommand?.commandOnScratch(session, folder, migration, own!),
    running: request.running,
    scratch: await request.scratch(session.major),
    roles: await rolesFor(session, folder),
    signal,
  });
  if (consent === undefined) refuseWhileNeeded(request, broken, migration.id);
  const holders = await holdersOf(after, backed);
  const losses = [
    ...(await lossesOf(session, holders, back)),
    ...otherRows(rehearsal.changedRows, await thrownAway(before, after)),
  ];
  if (request.dryRun !== true) requireNamed(losses, request, migration.id);
  const taken = {
    run,
    migration: migration.id,
    by: back.kind,
    from: back.from,
    sql: back.sql,
    losses,
    notBrought: await thrownAway(before, after),
    rehearsal,
  };
  if (request.dryRun === true) return { ...taken, isDone: false };
  if (byCommand !== undefined) {
    await byCommand
      .applyCommand(back, { after, backed }, own!, {
        url,
        folder,
        migration,
        run,
        emit,
        signal,
        options,
        recheck: async () => recheck(session, holders, request, migration.id),
      })
      .catch(async (error: unknown) => {
        throw await backFailure(error, { url, folder, migration, back });
      });
    await noteTaken(session, request, taken, consent);
    return { ...taken, isDone: true };
  }
  await installLedger(session);
  const { rows } = await session.query<{ count: number }>(
    "SELECT pg_catalog.count(*)::integer AS count FROM lockstep.migration WHERE source = $1",
    [folder.source],
  );
  await applyBack({
    url,
    folder,
    migration,
    back,
    run,
    emit,
    signal,
    options,
    recorded: rows[0]!.count,
    guard: guardOf({ migration: migration.id, holders, lose: request.lose }),
  }).catch(async (error: unknown) => {
    throw await backFailure(error, { url, folder, migration, back });
  });
  await noteTaken(session, request, taken, consent);
  return { ...taken, isDone: true };
}

/** What the migration itself dropped: the way back makes it anew, and empty. */
async function thrownAway(before: Catalog, after: Catalog): Promise<readonly string[]> {
  return (await diff(before, after, { columnOrder: false }))
    .filter(({ kind }) => kind === "missing-table" || kind === "missing-column")
    .map(({ object }) => object);
}

/** Rows that came out otherwise on scratch, although the migration had thrown nothing of their table away. */
function otherRows(changed: readonly string[], thrown: readonly string[]): readonly Loss[] {
  return changed
    .filter((table) => !thrown.some((one) => one === table || one.startsWith(`${table}.`)))
    .map((name) => ({
      name,
      rows: undefined,
      what: "made-up rows that were there before came out as other ones on scratch",
    }));
}

/** @throws LockstepError `rollback-loses` */
function requireNamed(
  losses: readonly Loss[],
  { lose, command }: TakeBackRequest,
  migration: string,
): void {
  const unnamed = losses.filter(({ name }) => !lose.includes(name));
  if (unnamed.length === 0) return;
  throw losesUnnamed({
    migration,
    unnamed,
    named: losses.map(({ name }) => name),
    command: command?.shown,
    why: "what goes with a column or a table is in no backup that was taken before it was written",
  });
}

/** @throws LockstepError `running-release-breaks` */
function refuseWhileNeeded(
  { unknown }: TakeBackRequest,
  broken: Awaited<ReturnType<typeof rehearse>>["broken"],
  migration: string,
): void {
  const next = [
    "put the release before it back into service first, and wait until no instance of this one is left",
    `or, at a person's word: lockstep rollback ${migration} --consent "NAME: WHY"`,
  ];
  if (broken.length > 0)
    throw new LockstepError("running-release-breaks", {
      what: `release ${broken[0]!.release} is running and needs what ${migration} made`,
      expected: "no running release that needs what goes",
      found: broken
        .flatMap(({ release, differences }) =>
          differences.map(
            ({ object, expected, found }) =>
              `release ${release} needs ${object}: ${expected}; it would find ${found}`,
          ),
        )
        .join("\n"),
      from: broken[0]!.differences[0]!.from,
      why: "its instances beat, or it is the last verified deploy",
      next,
    });
  if (unknown.length > 0)
    throw new LockstepError("running-release-breaks", {
      what: `what the running release ${unknown.join(", ")} needs is not known here`,
      expected: "its contract in lockstep.contract",
      found: "registered instances with a contract that was never stored",
      from: "lockstep.instance",
      why: "it was put into service by something other than lockstep deploy",
      next,
    });
}

/** Under the lock, right before the command is run: it is still the last one, and what held nothing still does. */
async function recheck(
  session: Session,
  holders: readonly Holder[],
  { folder, lose, command }: TakeBackRequest,
  migration: string,
): Promise<void> {
  const status = await readStatusOn(session, folder);
  refuseUnlisted(folder, status);
  lastApplied(folder, status, migration);
  const unnamed = holders.filter(({ name }) => !lose.includes(name));
  const lost = await countHeld(session, unnamed);
  if (lost.length === 0) return;
  throw losesUnnamed({
    migration,
    unnamed: lost,
    named: [...lose, ...lost.map(({ name }) => name)],
    command: command?.shown,
    why: "it held nothing when it was counted, and was written to since",
  });
}

/** @throws LockstepError `rollback-refused` where the two ledgers disagree, or it is not known by which command it goes back */
async function refuseProgram({ url, folder, command }: TakeBackRequest): Promise<void> {
  await using session = await Session.open({ url, applicationName: "lockstep/rollback" });
  const status = await readStatusOn(session, folder);
  refuseUnlisted(folder, status);
  if (command !== undefined) return;
  const { migrations } = status;
  const { tool, path: from } = folder;
  const last = migrations.findLast(({ state }) => state === "applied");
  if (last === undefined) throw nothingApplied(folder);
  throw new LockstepError("rollback-refused", {
    what: `${last.id} is a program of ${tool}, and the command that takes it back is not known`,
    expected: "a tool that has such a command, or one that is named behind --",
    found: `a program, of a tool that is ${tool === "command" ? "only named in the config" : "run by a program of the project"}`,
    from,
    why: "what its way back does is known only by running it with its own tool",
    next:
      tool === "command"
        ? [
            "run the tool's own command, on a copy first",
            `then lockstep resolve ${last.id} --as rolled-back: the catalog is asked whether it is so, and the migration is pending again`,
          ]
        : ["lockstep rollback -- YOUR COMMAND: tried on scratch first"],
  });
}

/** @throws LockstepError `rollback-refused` where the tool's ledger lacks what Lockstep's has */
function refuseUnlisted(
  { tool, path, ledger }: TakeBackRequest["folder"],
  { migrations }: FolderStatus,
): void {
  const gone = migrations.findLast(({ unlisted }) => unlisted === true);
  if (gone === undefined) return;
  throw new LockstepError("rollback-refused", {
    what: `${gone.id} has no row in ${tool}'s ledger any more, and Lockstep's still has it`,
    expected: "two ledgers that agree on what is applied",
    found: `no row in ${ledger?.schema}.${ledger?.table}`,
    from: path,
    why: `${tool}'s own command has taken it back, or somebody deleted the row`,
    next: [
      `when it is taken back: lockstep resolve ${gone.id} --as rolled-back, which asks the catalog`,
      `when it is not: lockstep resolve ${gone.id} --as applied`,
    ],
  });
}
