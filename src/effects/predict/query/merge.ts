import type { MergeStmt } from "@pgsql/types";
import { rangeName } from "../../world/nodes.ts";
import {
  baseOf,
  lockTarget,
  planTarget,
  readSources,
  refuseGenerated,
  refuseSequences,
} from "./change-target.ts";
import type { QueryContext } from "./context.ts";
import { reaches } from "./context.ts";
import { insertedColumns, insertRows } from "./insert-rows.ts";
import { targetNames, visitQuery, withQueries } from "./read.ts";
import { deleteRows, updateRows } from "./row-triggers.ts";

export function merge(context: QueryContext, statement: MergeStmt): void {
  const { draft } = context;
  const inner = withQueries(context, statement.withClause, statement);
  const { major } = draft.world;
  if (major < 15) draft.fail("always", "42601", "MERGE came with Postgres 15");
  const named = statement.relation && draft.find(rangeName(statement.relation));
  // The table of a view is looked for when something is to be done (rewriteHandler.c, view_has_instead_trigger).
  const isIdle = (statement.mergeWhenClauses ?? []).every(
    (node) => "MergeWhenClause" in node && node.MergeWhenClause.commandType === "CMD_NOTHING",
  );
  const isRead = isIdle && named?.kind === "view" && major >= 17;
  const found = isRead
    ? undefined
    : lockTarget(inner, statement.relation, "insert", "update", "delete");
  if (isRead) {
    draft.lock(named, "RowExclusive", "written");
    readSources(inner, [{ RangeVar: statement.relation! }], undefined);
  } else {
    const isEarly = named?.kind === "view" && major < 17;
    const base = baseOf(draft, named);
    // Until 16 those that are disabled counted too.
    const isRuled = base?.rules.some(({ enabled }) => enabled || major < 17) === true;
    if (isEarly || (isRuled && base?.kind !== "view"))
      draft.fail("always", "0A000", `cannot execute MERGE on relation "${base?.name}"`);
  }
  const source = statement.sourceRelation;
  readSources(inner, source === undefined ? [] : [source], undefined);
  refuseSequences(inner, source === undefined ? [] : [source]);
  visitQuery(inner, [
    statement.joinCondition,
    statement.mergeWhenClauses,
    statement.returningClause,
  ]);
  if (found === undefined || !reaches(inner, "planned")) return;
  const tables = planTarget(inner, found, undefined);
  if (!reaches(inner, "run")) return;
  for (const node of statement.mergeWhenClauses ?? []) {
    if (!("MergeWhenClause" in node)) continue;
    const { commandType, targetList } = node.MergeWhenClause;
    const columns = targetNames(targetList).map(found.below);
    if (commandType === "CMD_UPDATE")
      refuseGenerated(inner, found.table, targetList, found.below, named?.kind === "view");
    if (commandType === "CMD_INSERT") {
      insertRows(inner, found.table, {
        command: "merge",
        bounded: false,
        columns: insertedColumns(found.table, columns, undefined),
        source: undefined,
        overriding: undefined,
      });
    } else
      for (const table of tables) {
        if (table.kind === "partitioned table") continue;
        if (commandType === "CMD_UPDATE") updateRows(inner, table, columns);
        if (commandType === "CMD_DELETE") deleteRows(inner, table);
        if (commandType !== "CMD_NOTHING") draft.change(table, "merge", false);
      }
  }
}
