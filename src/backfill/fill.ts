import type { Session } from "../pg/index.ts";
import { deletion, type Job, type Range } from "./job.ts";
import type { Cursor } from "./cursor.ts";
import { between, keyList, where } from "./key.ts";
import { placesBetween } from "./place.ts";

/**
 * The statement that fills rows inside some bounds, locking them in the order of the key, as applications that touch
 * several rows usually do.
 *
 * Where a scan of the key's index gives that order by itself, it is a plain UPDATE or DELETE. Otherwise the rows are locked first.
 * They are then joined by their key, not by their place: a row that somebody changed after this statement's snapshot
 * has moved, and is found again only by what the snapshot knows of it. Both sides are bounded, so that no plan reads
 * the whole table.
 *
 * Without a key rows are locked in the order of their places, of one table file alone.
 */
export function fillSql(
  { key, set, todo }: Pick<Job, "key" | "set" | "todo">,
  relation: string,
  inside: readonly string[],
  inOrder: boolean,
): string {
  const goes = set === deletion;
  // The comment names whose statement it is, in pg_stat_statements too.
  const head = (name: string) =>
    goes ? `DELETE /* lockstep */ FROM ${name} t` : `UPDATE /* lockstep */ ${name} t SET ${set}`;
  const own = where([...inside, `(${todo})`]);
  if (key === null) return `${head(`ONLY ${relation}`)} ${own}`;
  if (inOrder) return `${head(relation)} ${own}`;
  const lock = goes ? "UPDATE" : "NO KEY UPDATE";
  const same = `ROW(${keyList(key, "t")}) = ROW(${keyList(key, "b")})`;
  return `WITH b AS MATERIALIZED (SELECT ${keyList(key, "t")} FROM ${relation} t ${own} ORDER BY ${keyList(key, "t")} FOR ${lock})
    ${head(relation)} ${goes ? "USING" : "FROM"} b ${where([same, ...inside])}`;
}

/** Conditions that hold for the rows of a range behind one cursor and up to another. */
export function inside(
  { key }: Pick<Job, "key">,
  from: Cursor | null,
  to: Cursor | null,
): readonly string[] {
  return key === null ? placesBetween("t", from, to) : between(key, "t", from, to);
}

interface PlanNode {
  readonly "Node Type": string;
  readonly "Index Name"?: string;
  readonly "Scan Direction"?: string;
  readonly Plans?: readonly PlanNode[];
}

/**
 * Whether the server would go through a range by the key's index, in its order. Batches are parts of the range: what it
 * does for all of the range it does for fewer rows too, as an index scan is cheaper the fewer there are.
 */
export async function isScannedInOrder(
  session: Session,
  job: Job,
  { relation, reached, upto }: Range,
): Promise<boolean> {
  const { key } = job;
  if (key === null) return true;
  const update = fillSql(job, relation, inside(job, reached, upto), true);
  const { rows } = await session.query<{ "QUERY PLAN": readonly [{ readonly Plan: PlanNode }] }>(
    `EXPLAIN (FORMAT JSON) ${update}`,
  );
  const [scan] = rows[0]!["QUERY PLAN"][0].Plan.Plans ?? [];
  return (
    scan?.["Node Type"] === "Index Scan" &&
    scan["Index Name"] === key.index &&
    scan["Scan Direction"] === "Forward"
  );
}
