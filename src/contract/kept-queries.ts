import { createHash } from "node:crypto";
import { keptFiles } from "../scratch/index.ts";
import type { AskedQueries } from "./queries.ts";
import type { FiledQuery } from "./query-file.ts";
import type { ResolvedQuery, TableUse } from "./query-resolve.ts";
import type { KeptCatalogs } from "./scratch-ddl.ts";

/**
 * What statements need of a database that was made in a known way: asked once, and kept from one process to the next, bounded as
 * other answers are.
 *
 * @param made identifies everything that made the database; undefined where that is not known: nothing is kept
 * @param kept undefined: nothing is kept
 */
export async function keptOrAsked(
  queries: readonly FiledQuery[],
  made: string | undefined,
  kept: KeptCatalogs | undefined,
  ask: () => Promise<AskedQueries>,
): Promise<AskedQueries> {
  if (made === undefined || kept === undefined) return ask();
  const files = keptFiles("statements", kept.env);
  if (files === undefined) return ask();
  const about = JSON.stringify(["statements 1", kept.build, process.version, made, queries]);
  const key = createHash("sha256").update(about).digest("hex");
  const found = files.read(key);
  if (found !== undefined) return askedIn(found.toString("utf8"));
  const asked = await ask();
  files.write(key, Buffer.from(JSON.stringify(asked, listed)));
  return asked;
}

/** JSON would write sets as empty objects. */
function listed(_: string, value: unknown): unknown {
  return value instanceof Set ? [...value] : value;
}

function askedIn(text: string): AskedQueries {
  const { taken, ...asked } = JSON.parse(text) as AskedQueries;
  return { ...asked, taken: taken.map(withSets) };
}

function withSets({ tables, ...query }: ResolvedQuery): ResolvedQuery {
  return {
    ...query,
    tables: tables.map(({ access, columns, ...use }): TableUse => ({
      ...use,
      access: new Set(access),
      columns: new Set(columns),
    })),
  };
}
