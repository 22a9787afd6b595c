import type { Relation } from "../../world/index.ts";
import type { EffectDraft } from "../draft.ts";
import { changeRows } from "./change-rows.ts";
import type { Depth, QueryContext } from "./context.ts";
import { insertRows } from "./insert-rows.ts";
import { visitQuery } from "./read.ts";

export { calledRoutines, runRoutine } from "./call-function.ts";
export type { Depth } from "./context.ts";

/** What a query, or the queries and calls in an expression or any other tree, do when the server goes as far as `depth`. */
export function predictQuery(
  draft: EffectDraft,
  tree: unknown,
  depth: Depth,
  readAs: QueryContext["readAs"] = "read",
): void {
  visitQuery({ ...start(draft, depth), readAs }, tree);
}

/** What rows that COPY brings into a table do: all its columns, or those given, have values. */
export function predictCopiedRows(
  draft: EffectDraft,
  table: Relation,
  columns: readonly string[],
): void {
  const given = columns.length > 0 ? columns : table.columns.map(({ name }) => name);
  insertRows(start(draft, "run"), table, {
    command: "copy",
    bounded: false,
    columns: new Set(given),
    source: undefined,
    overriding: undefined,
  });
}

function start(draft: EffectDraft, depth: Depth): QueryContext {
  return { draft, depth, readAs: "read", withNames: new Set(), changeRows };
}
