import { diff, type Catalog } from "../catalog/index.ts";
import type { ScratchHistory } from "../deploy/index.ts";
import { LockstepError } from "../errors/index.ts";
import { forgetMigrationSql } from "../ledger/index.ts";
import type { Session } from "../pg/index.ts";
import { recordBack } from "../recording/index.ts";
import { cancellation } from "../runner/index.ts";
import type { Migration, MigrationFolder } from "../tools/index.ts";
import { runBack, type BackRequest, type BackVerdict } from "../wrapped/index.ts";
import { fillOwnTables, makeOwnTables, readOwnTables } from "./own-tables.ts";
import type { Back, OwnCommand } from "./request.ts";

/** How a tool's own way back is gone on scratch. */
export interface CommandOnScratch {
  /** Before anything else: the tool's own tables, empty. */
  readonly prepare: (history: ScratchHistory) => Promise<void>;
  /** With the migration applied. */
  readonly takeBack: (history: ScratchHistory) => Promise<Back>;
}

/**
 * A tool's own way back on scratch: with the tool's tables as they are in the target, so that it takes back what it would
 * there, and heard on the wire.
 *
 * @param session on the target
 */
export async function commandOnScratch(
  session: Session,
  folder: MigrationFolder,
  migration: Migration,
  own: OwnCommand,
): Promise<CommandOnScratch> {
  const tables = await readOwnTables(session, folder);
  return {
    prepare: async (history) => makeOwnTables(history.session, tables),
    async takeBack({ url, session: scratch, signal }) {
      await fillOwnTables(scratch, tables);
      const listed = async () =>
        (await folder.ledger!.read(scratch, folder.migrations)).map(({ id, label }) => id ?? label);
      const before = await listed();
      const { command, shown, cwd, env, urlVariables } = own;
      const request = { command, cwd, env, urlVariables, url, signal };
      const { error, ended, tail, ...sent } = await recordBack(folder, request);
      // One that was cut short tells nothing.
      cancellation(signal).throwIfAborted();
      const after = new Set(await listed());
      const gone = before.filter((id) => !after.has(id));
      if (gone.length !== 1 || gone[0] !== migration.id)
        throw notIt(shown, migration, gone, [ended, error ?? tail.join("\n")]);
      await scratch.batch(forgetMigrationSql(folder.source, migration.id).join(";\n"));
      return { kind: "command", from: shown, ...sent };
    },
  };
}

function notIt(
  shown: string,
  { id, file }: Migration,
  gone: readonly string[],
  [ended, said]: readonly [string, string],
): LockstepError {
  return new LockstepError("rollback-refused", {
    what:
      gone.length === 0
        ? `${shown} takes nothing back on scratch: nothing of the target was changed`
        : `${shown} takes back something else than ${id}, or more: nothing of the target was changed`,
    expected: `${id}, the last applied one, gone from the tool's ledger, and no other`,
    found: gone.length > 0 ? gone.join(", ") : [`it ended with ${ended}`, said].join("\n").trim(),
    from: file,
    why:
      gone.length > 1
        ? "it takes back all that was applied at once, and only the last of these was tried alone"
        : "the program has no way back that runs, or the command does something else",
    next: [
      "name the command that takes the last one back, and only that: lockstep rollback -- COMMAND",
    ],
  });
}

const loosely = { columnOrder: false } as const;

/** What the way back did on scratch, in catalogs. */
interface Seen {
  readonly after: Catalog;
  readonly backed: Catalog;
}

/** Runs it on the target. */
export async function applyCommand(
  back: Back,
  seen: Seen,
  { command, shown, cwd, env, urlVariables }: OwnCommand,
  request: Omit<
    BackRequest,
    keyof OwnCommand | "everyUrl" | "isWhole" | "waitsByDesign" | "judge" | "doneIn"
  >,
): Promise<void> {
  // What of it had been committed would show in the catalog, where it changes that; else in the ledger, if both go together.
  const isSeen = back.isNoted === true || (await diff(seen.after, seen.backed, loosely)).length > 0;
  await runBack({
    ...request,
    command,
    shown,
    cwd,
    env,
    // What named scratch there names the target here, whatever else it would have named: nothing but this has shown that the
    // command comes to the database that is meant.
    urlVariables,
    everyUrl: true,
    isWhole: back.isWhole === true && isSeen,
    waitsByDesign: /\bconcurrently\b/i.test(back.sql),
    judge: async (before, after) => judge(seen, before, after),
    doneIn: async (before) => doneIn(seen, before),
  });
}

async function objects(one: Catalog, other: Catalog): Promise<ReadonlySet<string>> {
  return new Set((await diff(one, other, loosely)).map(({ object }) => object));
}

/** What it touches that is already as it leaves it. */
async function doneIn({ after, backed }: Seen, before: Catalog): Promise<readonly string[]> {
  const [drifted, left] = [await objects(after, before), await objects(backed, before)];
  return [...(await objects(after, backed))].filter((one) => drifted.has(one) && !left.has(one));
}

/** What was otherwise than on scratch before it was run is no yardstick. */
async function judge(seen: Seen, before: Catalog, after: Catalog): Promise<BackVerdict> {
  const touched = await objects(seen.after, seen.backed);
  const drifted = await objects(seen.after, before);
  const words = ({ object, kind }: { object: string; kind: string }) =>
    `${object}: ${kind.replaceAll("-", " ")}`;
  const broken = (await diff(seen.backed, after, loosely)).filter(
    ({ object }) => touched.has(object) && !drifted.has(object),
  );
  const besides = (await diff(before, after, loosely)).filter(({ object }) => !touched.has(object));
  return { broken: broken.map(words), besides: besides.map(words) };
}
