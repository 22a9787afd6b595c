import { introspect } from "../catalog/index.ts";
import { replayMigrations } from "../check/index.ts";
import { LockstepError } from "../errors/index.ts";
import { Session } from "../pg/index.ts";
import type { FolderStatus } from "../runner/index.ts";
import { ledgerOf, type MigrationFolder } from "../tools/index.ts";
import { choosePrefix, type ChosenPrefix, type Proof } from "./choose.ts";
import { readPrefixes } from "./prefixes.ts";
import { printedParts, printsOf, type PrintedCatalog } from "./prints.ts";
import { remaining, type Remaining } from "./remains.ts";

export interface BaselineRequest {
  readonly folder: MigrationFolder;
  /** Of the database, read with the parts that are compared. */
  readonly database: PrintedCatalog;
  readonly status: FolderStatus;
  /** Ids that a person says were run, though the catalog cannot show it. */
  readonly assume: readonly string[];
  readonly major: number;
  readonly scratchUrl: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onStep?: ((at: number) => void) | undefined;
}

/** Where one migration stands, as far as the catalog tells. */
export interface BaselineMigration {
  readonly id: string;
  /**
   * - `recorded`: the ledger has it already.
   * - `mark`: it is of the prefix that the database satisfies, and the ledger lacks it.
   * - `assumed`: it is marked because a person says so.
   * - `unseen`: right after the prefix, and no catalog shows whether it was run: only a person can know.
   * - `ahead`: all it makes is there, although one before it is not.
   * - `pending`
   */
  readonly state: "recorded" | "mark" | "assumed" | "unseen" | "ahead" | "pending";
  readonly proof: Proof | undefined;
}

export interface Baseline {
  readonly prefix: ChosenPrefix;
  readonly migrations: readonly BaselineMigration[];
  readonly remains: readonly Remaining[];
  /** How many migrations were run on scratch now; those of earlier calls are kept. */
  readonly ran: number;
}

/** A catalog without the schema that a tool has made for nothing but its ledger. */
export function withoutLedgerSchema<Catalog extends Pick<PrintedCatalog, "schemas">>(
  catalog: Catalog,
  { ledger }: MigrationFolder,
): Catalog {
  if (ledger === undefined || ledger.schema === "public") return catalog;
  return { ...catalog, schemas: catalog.schemas.filter(({ name }) => name !== ledger.schema) };
}

/**
 * Finds the longest prefix of a folder's history that a database satisfies, whatever its ledger says, and what remains
 * different. Reads; changes nothing.
 *
 * @throws LockstepError `usage` for an assumed migration that is none, `scratch-unavailable`, `scratch-run-failed`
 */
export async function findBaseline(request: BaselineRequest): Promise<Baseline> {
  const { folder, database, major, scratchUrl, env, onStep } = request;
  const { migrations } = folder;
  for (const id of request.assume)
    if (!migrations.some((one) => one.id === id)) throw unknownMigration(id, folder);
  const ignore = ledgerOf(folder);
  const history = await readPrefixes({ migrations, major, scratchUrl, env, ignore, onStep });
  const prefix = choosePrefix(history.start, history.changes, printsOf(database));
  return {
    prefix,
    migrations: statesOf(request, prefix),
    remains: prefix.distance === 0 ? [] : await remainsAfter(request, prefix.length),
    ran: history.ran,
  };
}

function statesOf(
  { folder, status, assume }: BaselineRequest,
  { length, unseen, ahead, proofs }: ChosenPrefix,
): readonly BaselineMigration[] {
  const recorded = new Set(
    status.migrations.flatMap(({ id, state }) =>
      state === "applied" || state === "edited" ? [id] : [],
    ),
  );
  return folder.migrations.map(({ id }, at): BaselineMigration => {
    const proof = proofs[at];
    if (recorded.has(id)) return { id, state: "recorded", proof };
    if (at < length) return { id, state: "mark", proof };
    if (assume.includes(id)) return { id, state: "assumed", proof: undefined };
    if (at < length + unseen) return { id, state: "unseen", proof: undefined };
    return { id, state: ahead.includes(at) ? "ahead" : "pending", proof: undefined };
  });
}

async function remainsAfter(
  { folder, database, major, scratchUrl }: BaselineRequest,
  length: number,
): Promise<readonly Remaining[]> {
  const migrations = folder.migrations.slice(0, length);
  await using replayed = await replayMigrations(migrations, { major, url: scratchUrl });
  await using session = await Session.open({
    url: replayed.url,
    applicationName: "lockstep/baseline",
  });
  const prefix = await introspect(session, { ignore: ledgerOf(folder), parts: printedParts });
  return await remaining(withoutLedgerSchema(prefix, folder), database, session);
}

function unknownMigration(id: string, { path, migrations }: MigrationFolder): LockstepError {
  return new LockstepError("usage", {
    what: `there is no migration "${id}" in ${path}`,
    expected: "the id of a migration of the folder",
    found: migrations
      .map((one) => one.id)
      .slice(-5)
      .join(", "),
    next: ["lockstep baseline lists them"],
  });
}
