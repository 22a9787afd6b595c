import { createHash } from "node:crypto";
import type { Migration } from "../tools/index.ts";

/**
 * A key for each prefix of a history: the first stands for no migration, the last for all. Two histories with the same
 * key were applied in the same order, from the same bytes, in the same manner.
 */
export function prefixKeys(
  migrations: readonly Pick<Migration, "id" | "checksum" | "transaction" | "recorded">[],
  manner: string,
): readonly string[] {
  const keys = [digest(["history 1", manner])];
  for (const { id, checksum, transaction, recorded } of migrations) {
    // A program sends what it does with the libraries that it has that day.
    const sql = recorded === undefined ? [] : [recorded];
    keys.push(digest([keys.at(-1)!, id, checksum, transaction, ...sql]));
  }
  return keys;
}

/** 128 bits in hex digits: they are part of folder and database names, of which Postgres keeps 63 bytes. */
function digest(parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32);
}
