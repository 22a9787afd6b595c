import { quoteLiteral } from "../sql/index.ts";
import type { Cursor } from "./cursor.ts";
import { inside } from "./fill.ts";
import type { Job, Range } from "./job.ts";
import { keyAsText, keyList, where } from "./key.ts";
import { placeOf } from "./place.ts";

/** What lies ahead in a range. */
export interface Ahead {
  /** How many of the next rows there are. */
  readonly passed: number;
  /** The key or place of the last of them. */
  readonly last: Cursor | null;
  /** False when the table was written anew: its places mean other rows now. */
  readonly stands: boolean;
}

/** A question for the next `rows` rows of a range, behind the cursor. */
export function aheadSql(job: Job, range: Range, from: Cursor | null, rows: number): string {
  const bounds = where(inside(job, from, range.upto));
  const { key } = job;
  const { relation, file } = range;
  if (key !== null)
    return `WITH ahead AS MATERIALIZED (SELECT ${keyList(key, "t")} FROM ${relation} t ${bounds} ORDER BY ${keyList(key, "t")} LIMIT ${rows})
      SELECT (SELECT count(*)::integer FROM ahead) AS passed,
             (SELECT ${keyAsText(key, "a")} FROM ahead a ORDER BY ${keyList(key, "a", "DESC")} LIMIT 1) AS last, true AS stands`;
  // A scan of a range of places has their order by itself, and to sort all of it for each batch would be much. In another
  // order there would be more rows up to the last place than these: they would be filled with them, none passed over.
  return `WITH ahead AS MATERIALIZED (SELECT t.ctid AS place FROM ONLY ${relation} t ${bounds} LIMIT ${rows})
    SELECT count(*)::integer AS passed,
           CASE WHEN count(*) > 0 THEN ARRAY[${quoteLiteral(String(placeOf(range.upto!).file))}, max(place)::text] END AS last,
           pg_catalog.pg_relation_filenode(${file!.oid}) = ${file!.node} AS stands
      FROM ahead`;
}
