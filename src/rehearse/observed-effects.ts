import { openObserver, type Effect } from "../effects/index.ts";
import { cutUnits } from "../runner/index.ts";
import type { Migration } from "../tools/index.ts";
import { parseSql } from "../sql/index.ts";

/** Rows that empty tables get: enough for a statement to take the locks that it takes on any. */
const rows = 200;

/** What each statement of migrations does, by file and line: each is run on a database of its own and watched. */
export async function observedEffects(
  url: string,
  migrations: readonly Migration[],
): Promise<ReadonlyMap<string, Effect>> {
  const effects = new Map<string, Effect>();
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
      effects.set(`${migration.file}:${statement.line}`, effect);
    }
    await observer.endFile();
  }
  return effects;
}
