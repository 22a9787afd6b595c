import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { sendingOf, type Migration, type MigrationFolder } from "../tools/index.ts";
import type { Seen } from "./watch.ts";

/** How servers and drivers tell of a lock that was not to be had, a deadlock, or a serialisation failure. */
const telling =
  /\b(?:55P03|40P01|40001)\b|lock timeout|deadlock detected|could not serialize access|could not obtain lock/i;

/** True when a command gave way to other sessions: it was seen to wait too long, or says so. */
export function wasLockFailure(seen: Pick<Seen, "ended">, tail: readonly string[]): boolean {
  return seen.ended > 0 || tail.some((line) => telling.test(line));
}

/** How a program says that it wants no transaction: Knex, TypeORM, node-pg-migrate, MikroORM, Django, Rails. */
const optsOut =
  /transaction\s*[:=]\s*(?:false|["']none["'])|noTransaction\s*\(|isTransactional|disable_ddl_transaction|atomic\s*=\s*False|disableTransactions/;

/**
 * True when nothing of a migration that fails remains, rows included: each of them is sent in a transaction. Then the command
 * can be run again.
 *
 * @param root what the files' paths are relative to
 */
export function isTransactional(
  folder: MigrationFolder,
  pending: readonly Migration[],
  root: string,
): boolean {
  const sends = folder.program?.sends ?? sendingOf(folder.tool);
  const known = new Map(folder.migrations.map((one) => [one.id, one]));
  return pending.every(({ id, file }) => {
    const one = known.get(id);
    if (one?.recorded !== undefined)
      return one.transaction === "file" && (one.sends ?? sends) !== "statement";
    if (sends === undefined || sends === "statement") return false;
    return one?.transaction === "file" && !optsOut.test(textOf(resolve(root, file)));
  });
}

/** What some migrations send, or, where that is not known, their programs. */
export function textsOf(
  recorded: MigrationFolder | undefined,
  migrations: readonly Migration[],
  root: string,
): readonly string[] {
  const known = new Map(recorded?.migrations.map((one) => [one.id, one.sql]));
  return migrations.map(({ id, file }) => known.get(id) ?? textOf(resolve(root, file)));
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // One that cannot be read may want anything.
    return "transaction: false";
  }
}
