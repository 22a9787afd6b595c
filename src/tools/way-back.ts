import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Migration } from "./migration.ts";
import { readSqlFile } from "./sql-file.ts";
import { downPart } from "./up-part.ts";

/** What a team has written to take a migration back. */
export interface WayBack {
  /** Relative to the working folder. */
  readonly file: string;
  readonly sql: string;
  /** sha256 of the file's bytes, hex. */
  readonly checksum: string;
}

/** Where a tool, or a convention beside it, keeps the way back of a file. */
const places: readonly { readonly up: RegExp; readonly down: string }[] = [
  // golang-migrate, sqlx, and plain SQL.
  { up: /\.up\.sql$/i, down: ".down.sql" },
  // Diesel, and Prisma: `prisma migrate diff --to … --script > down.sql` (its guide to down migrations).
  { up: /(?<=[/\\])up\.sql$/i, down: "down.sql" },
  { up: /(?<=[/\\])migration\.sql$/i, down: "down.sql" },
  // Flyway's undo migrations: U2__name.sql of V2__name.sql.
  { up: /(?<=[/\\])V(?=\d[^/\\]*\.sql$)/, down: "U" },
  { up: /\.sql$/i, down: ".down.sql" },
];

/**
 * Reads the way back that stands beside a migration, or in its file; undefined when there is none, or nothing but
 * comments in it. What a tool wraps into a program is not read.
 *
 * @throws LockstepError what `readSqlFile` throws
 */
export function readWayBack(tool: string, { file }: Migration, cwd: string): WayBack | undefined {
  const path = join(cwd, file);
  if (existsSync(path)) {
    const { sql, checksum } = readSqlFile(path, file);
    const part = downPart(sql, tool);
    if (part !== undefined) return isEmpty(part) ? undefined : { file, sql: part, checksum };
  }
  const candidates = places
    .filter(({ up }) => up.test(file))
    .map(({ up, down }) => file.replace(up, down));
  for (const beside of candidates) {
    if (beside === file || !existsSync(join(cwd, beside))) continue;
    const { sql, checksum } = readSqlFile(join(cwd, beside), beside);
    return isEmpty(sql) ? undefined : { file: beside, sql, checksum };
  }
  return undefined;
}

/** Nothing but blanks and comments to the end of a line: the marks of the tools among them. */
function isEmpty(sql: string): boolean {
  return sql.split("\n").every((line) => /^\s*(?:--.*)?$/.test(line));
}
