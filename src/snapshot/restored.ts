import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Session } from "../pg/index.ts";
import { qualifiedName, type QualifiedName } from "../sql/index.ts";

/** How long a dump took to be restored onto scratch, when it was verified. */
export interface RestoredDump {
  readonly version: 1;
  readonly name: string;
  /** ISO time of the verification. */
  readonly at: string;
  /** By pg_restore alone, without what was compared afterwards. */
  readonly ms: number;
  readonly jobs: number;
  /** Bytes of each table with indexes and TOAST, as restored. */
  readonly tables: Readonly<Record<QualifiedName, number>>;
}

const file = "lockstep-restored.json";

/** Bytes of each table that holds rows of its own. */
export async function tableBytes(
  session: Session,
): Promise<Readonly<Record<QualifiedName, number>>> {
  const { rows } = await session.query<{ schema: string; name: string; bytes: number }>(
    `SELECT n.nspname AS schema, c.relname AS name, pg_catalog.pg_total_relation_size(c.oid)::float8 AS bytes
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'm') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' ORDER BY 1, 2`,
  );
  return Object.fromEntries(
    rows.map(({ schema, name, bytes }) => [qualifiedName(schema, name), bytes]),
  );
}

/** Keeps it beside the dump, where that may be written. */
export function keepRestored(place: string, restored: RestoredDump): void {
  try {
    writeFileSync(join(place, file), `${JSON.stringify(restored)}\n`);
  } catch {
    // Only estimates want it: a dump on a medium that takes no more is as good.
  }
}

/** The dump of a folder that was verified last; undefined where none was. */
export function lastRestored(folder: string): RestoredDump | undefined {
  const found = namesIn(folder).flatMap((name) => read(join(folder, name, file)) ?? []);
  return found.toSorted((a, b) => a.at.localeCompare(b.at)).at(-1);
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(path: string): RestoredDump | undefined {
  try {
    const one = JSON.parse(readFileSync(path, "utf8")) as Partial<RestoredDump>;
    const isWhole =
      one.version === 1 &&
      typeof one.ms === "number" &&
      typeof one.at === "string" &&
      typeof one.tables === "object" &&
      one.tables !== null;
    return isWhole ? (one as RestoredDump) : undefined;
  } catch {
    return undefined;
  }
}
