import { introspect, type IgnoredObject } from "../catalog/index.ts";
import { applyHistory, replayMigrations, rolesOf } from "../check/index.ts";
import { prefixKeys } from "../history/index.ts";
import { Session } from "../pg/index.ts";
import { keptFiles } from "../scratch/index.ts";
import { parseSql } from "../sql/index.ts";
import type { Migration } from "../tools/index.ts";
import {
  changesBetween,
  printedParts,
  printsOf,
  withChanges,
  type Change,
  type Prints,
} from "./prints.ts";

/** What each migration of a history does to the catalog. */
export interface History {
  readonly start: Prints;
  readonly changes: readonly (readonly Change[])[];
  /** How many of them were run now; the others were known. */
  readonly ran: number;
}

export interface PrefixRequest {
  readonly migrations: readonly Migration[];
  readonly major: number;
  readonly scratchUrl: string | undefined;
  /** Where things are kept from one call to the next. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The tool's own ledger. */
  readonly ignore: readonly IgnoredObject[];
  /** Called before each migration that is run, with its place from 0. */
  readonly onStep?: ((at: number) => void) | undefined;
}

/** Part of the key under which prints are kept: to be raised when they mean something else. */
const format = "prints 2";

/**
 * The catalog after each prefix of a history. Each migration is run on scratch once, and what it changed in the catalog is
 * kept by the hash of the prefix, a few hundred bytes for each: no database is kept for it.
 *
 * @throws LockstepError `scratch-run-failed` with the migration that does not run there
 */
export async function readPrefixes(request: PrefixRequest): Promise<History> {
  const { migrations, major, env, ignore } = request;
  const keys = prefixKeys(migrations, `${format} ${major} ${JSON.stringify(ignore)}`);
  const files = keptFiles("prefixes", env);
  const name = keys[Math.min(1, migrations.length)]!;
  const entries = wholeEntries(files?.read(name), keys);
  const known = Math.max(0, entries.length - 1);
  if (entries.length < keys.length) {
    try {
      await runRest(request, entries, keys);
    } finally {
      // What was run is known, also when a later migration does not run or somebody loses patience.
      files?.write(name, Buffer.from(JSON.stringify(entries)));
    }
  }
  const [start, ...changes] = entries.map((one) => one.changes);
  return { start: withChanges(new Map(), start!), changes, ran: migrations.length - known };
}

/** Runs what is not known yet, and adds what each migration changes. */
async function runRest(
  { migrations, major, scratchUrl, ignore, onStep }: PrefixRequest,
  entries: Kept[],
  keys: readonly string[],
): Promise<void> {
  const isShared = scratchUrl !== undefined;
  const known = Math.max(0, entries.length - 1);
  await using replayed = await replayMigrations(migrations.slice(0, known), {
    major,
    url: scratchUrl,
  });
  await replayed.createRoles(await rolesOf(migrations.slice(known), isShared));
  const read = async (): Promise<Prints> => {
    await using session = await Session.open({
      url: replayed.url,
      applicationName: "lockstep/baseline",
    });
    return printsOf(await introspect(session, { ignore, parts: printedParts }));
  };
  if (entries.length === 0)
    entries.push({ key: keys[0]!, changes: changesBetween(new Map(), await read()) });
  let prints: Prints = new Map();
  for (const { changes } of entries) prints = withChanges(prints, changes);
  for (const [at, migration] of migrations.entries()) {
    if (at < known) continue;
    onStep?.(at);
    await applyHistory(replayed.url, [migration], { isShared });
    const after = (await changesRows(migration)) ? prints : await read();
    entries.push({ key: keys[at + 1]!, changes: changesBetween(prints, after) });
    prints = after;
  }
}

/** True for a migration that changes rows and nothing else. */
async function changesRows({ sql, file }: Migration): Promise<boolean> {
  const statements = await parseSql(sql, file);
  return statements.every(({ kind }) => dml.has(kind));
}

const dml = new Set([
  "InsertStmt",
  "UpdateStmt",
  "DeleteStmt",
  "VariableSetStmt",
  "TransactionStmt",
]);

interface Kept {
  /** Of the prefix that ends with the migration. */
  readonly key: string;
  readonly changes: readonly Change[];
}

/** What was kept, up to where it is of this history; nothing when it is not there or damaged. */
function wholeEntries(bytes: Buffer | undefined, keys: readonly string[]): Kept[] {
  if (bytes === undefined) return [];
  const kept = JSON.parse(bytes.toString("utf8")) as readonly Kept[];
  const end = kept.findIndex(({ key }, at) => key !== keys[at]);
  return kept.slice(0, end === -1 ? kept.length : end);
}
