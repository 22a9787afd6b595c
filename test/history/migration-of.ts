import { createHash } from "node:crypto";
import type { Migration } from "../../src/tools/index.ts";

/** A migration of a plain SQL folder. */
export function migrationOf(id: string, sql: string): Migration {
  const checksum = createHash("sha256").update(sql).digest("hex");
  return { id, file: `${id}.sql`, sql, checksum, transaction: "file", native: {} };
}
