import { LockstepError } from "../../errors/index.ts";
import type { Migration, MigrationFolder } from "../migration.ts";
import { nextOfDrizzle } from "./drizzle.ts";
import type { NextMigration, NextPlace, NextText } from "./next-text.ts";
import { nextProgram } from "./programs.ts";
import { sqlWriters } from "./sql-files.ts";

/** Folders that a build writes anew. */
const built = /(?:^|\/)(?:dist|build)\//;

/**
 * The files of a folder's next migration, named and written as its tool has them: behind the last one, with its way back
 * where the tool wants one. Nothing is written.
 *
 * @throws LockstepError `migration-unsupported` where it is not known how the tool's next one is to be written
 */
export function nextMigration(
  { tool, path, migrations, program }: MigrationFolder,
  text: NextText,
  place: NextPlace,
): NextMigration {
  const last = migrations.at(-1)!;
  if (tool === "drizzle") return nextOfDrizzle(last, text, place);
  if (program === undefined || last.file.endsWith(".sql")) {
    const written = sqlWriters[tool]?.(last, text, place);
    if (written === undefined) throw unknownOrder(last, path);
    return { ...written, remarks: [] };
  }
  if (built.test(last.file))
    throw unwritable(
      last,
      path,
      "a folder of programs as they are written",
      "the next build would write this one anew",
    );
  const file = nextProgram(tool, last, text, place);
  if (file === undefined) throw unknownOrder(last, path);
  return { created: [file], remarks: [] };
}

function unknownOrder(last: Migration, path: string): LockstepError {
  return unwritable(
    last,
    path,
    "a tool that is known, and a last migration whose name has a number",
    "how the next one is called, or what such a program looks like, is not known",
  );
}

function unwritable(
  { file }: Migration,
  path: string,
  expected: string,
  why: string,
): LockstepError {
  return new LockstepError("migration-unsupported", {
    what: `it is not known how the next migration of ${path} is to be written`,
    expected,
    found: file,
    from: file,
    why,
    next: [
      "write an empty one with the tool's own command",
      "and move into it what this prints: lockstep baseline --write-reconcile fix.sql",
    ],
  });
}
