import { existsSync } from "node:fs";
import { join } from "node:path";

/**
 * What folders of SQL migrations look like: for those who look for them and for those who read them.
 */

/** Files that are a migration with the folder around them: Prisma's, Diesel's. */
export const packedFiles = ["migration.sql", "up.sql"] as const;

export function isPacked(name: string): boolean {
  return /^(?:migration|up)\.sql$/i.test(name);
}

/** Of `V1.2__name.sql`, Flyway's form, `1.2`. */
export function flywayVersion(name: string): string | undefined {
  return /^V(\d+(?:[._]\d+)*)__/.exec(name)?.[1];
}

/** True for a name with a number in front. */
export function isNumbered(name: string): boolean {
  return /^\d/.test(name);
}

/** True for a folder in which Drizzle keeps its journal. */
export function hasJournal(folder: string): boolean {
  return existsSync(join(folder, "meta", "_journal.json"));
}
