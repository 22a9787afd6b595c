import type { CopyStmt } from "@pgsql/types";
import { strings } from "../world/nodes.ts";
import type { EffectDraft } from "./draft.ts";
import { target } from "./names.ts";
import { predictCopiedRows, predictQuery } from "./query/index.ts";

/** COPY: RowExclusive and new rows from outside, or AccessShare and rows read (copy.c). */
export function predictCopy(draft: EffectDraft, statement: CopyStmt): void {
  if (statement.query !== undefined) {
    predictQuery(draft, statement.query, "run");
    return;
  }
  const table = target(draft, statement.relation);
  if (table === undefined) return;
  if (statement.is_from !== true) {
    draft.lock(table, "AccessShare", "read");
    return;
  }
  if (table.kind === "view" || table.kind === "materialized view" || table.kind === "sequence") {
    draft.fail("always", "42809", `cannot copy to ${table.kind} "${table.name}"`);
    return;
  }
  draft.lock(table, "RowExclusive", "written");
  predictCopiedRows(draft, table, strings(statement.attlist));
}
