import { openObserver, type Effect } from "../effects/index.ts";
import { cutUnits } from "../runner/index.ts";
import type { Migration } from "../tools/index.ts";
import { parseSql, type Statement } from "../sql/index.ts";

/** Rows that empty tables get: enough for a statement to take the locks that it takes on any. */
const rows = 200;

/** What a statement was seen to do. */
export interface Observed {
  readonly effect: Effect;
  /** It changes a table and was seen to do nothing with its rows or its indexes: it takes as long with many rows. */
  readonly isCatalogOnly: boolean;
}

/** Their work on rows is seen whole: rows written again or read, indexes built, keys looked up. */
const seenWhole: ReadonlySet<string> = new Set(["AlterTableStmt", "RenameStmt"]);

/** What each statement of migrations does, by file and line: each is run on a database of its own and watched. */
export async function observedEffects(
  url: string,
  migrations: readonly Migration[],
): Promise<ReadonlyMap<string, Observed>> {
  const effects = new Map<string, Observed>();
  await using observer = await openObserver({ url, rows });
  for (const migration of migrations) {
    const statements = await parseSql(migration.sql, migration.file);
    const units = await cutUnits(migration);
    await observer.startFile({
      file: migration.file,
      statements,
      transaction: "units",
      groups: units.map((unit) => ({
        statements: unit.statements.map(({ index }) => index),
        inTransaction: unit.kind === "transaction",
      })),
    });
    for (const statement of statements) {
      const { effect } = await observer.run(statement);
      const isIdle = effect.work.length === 0 && effect.unknown.length === 0;
      const isCatalogOnly =
        isIdle && seenWhole.has(statement.kind) && !takesAnIndex(statement, effect);
      effects.set(`${migration.file}:${statement.line}`, { effect, isCatalogOnly });
    }
    await observer.endFile();
  }
  return effects;
}

/** A dropped column's index goes with its file, which takes as long as it is large (smgrDoPendingDeletes, behind the commit). */
function takesAnIndex({ node }: Statement, { locks }: Effect): boolean {
  const commands = "AlterTableStmt" in node ? (node.AlterTableStmt.cmds ?? []) : [];
  return (
    commands.some((one) => "AlterTableCmd" in one && dropping.has(one.AlterTableCmd.subtype)) &&
    locks.some(({ kind, mode }) => kind === "index" && mode === "AccessExclusive")
  );
}

const dropping: ReadonlySet<string | undefined> = new Set(["AT_DropColumn", "AT_DropConstraint"]);
