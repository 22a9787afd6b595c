import type { Node } from "@pgsql/types";
import type { EffectDraft } from "../draft.ts";

/**
 * How far the server goes with a query, each step taking the locks of those before it:
 *
 * - `parsed`: names are looked up (a view's definition, a CREATE TABLE AS … WITH NO DATA);
 * - `rewritten`: views are replaced by their queries (the body of an SQL function when it is created);
 * - `planned`: partitions, children and indexes are opened (EXPLAIN, a cursor);
 * - `run`: rows are read and written, functions called.
 */
export type Depth = "parsed" | "rewritten" | "planned" | "run";

const depths: readonly Depth[] = ["parsed", "rewritten", "planned", "run"];

/** What holds within one query level. */
export interface QueryContext {
  readonly draft: EffectDraft;
  readonly depth: Depth;
  /** What the relations that are read are to the statement. */
  readonly readAs: "read" | "view-source";
  /** Names of the WITH queries that can be seen. */
  readonly withNames: ReadonlySet<string>;
  /** What to do with an INSERT, UPDATE, DELETE or MERGE that stands in a WITH clause. */
  readonly changeRows: (context: QueryContext, node: Node) => void;
}

/** True when a query of this context gets at least as far as `depth`. */
export function reaches(context: Pick<QueryContext, "depth">, depth: Depth): boolean {
  return depths.indexOf(context.depth) >= depths.indexOf(depth);
}
