import type { CreateTableAsStmt, SelectStmt } from "@pgsql/types";
import { rangeName } from "../../world/nodes.ts";
import type { EffectDraft } from "../draft.ts";
import { predictQuery } from "../query/index.ts";
import { hasSchema, isTaken, refuseTypeName } from "./new-name.ts";

/** CREATE TABLE … AS and CREATE MATERIALIZED VIEW: the query runs, or is only looked up WITH NO DATA. */
export function predictCreateTableAs(draft: EffectDraft, statement: CreateTableAsStmt): void {
  const { into, query, if_not_exists: mayExist } = statement;
  const name = rangeName(into?.rel);
  if (!hasSchema(draft, name)) return;
  const written = into?.rel?.schemaname;
  if (into?.rel?.relpersistence === "t" && written !== undefined && written !== "pg_temp")
    draft.fail("always", "42P16", "cannot create temporary relation in non-temporary schema");
  if (query !== undefined && "ExecuteStmt" in query) {
    draft.unknown(`what was prepared as ${query.ExecuteStmt.name ?? ""} is not known`);
    return;
  }
  const taken = isTaken(draft, name, mayExist === true);
  if (!taken) refuseTypeName(draft, name);
  predictQuery(draft, query, taken || into?.skipData === true ? "parsed" : "run", "view-source");
}

/** SELECT … INTO. */
export function predictSelectInto(draft: EffectDraft, statement: SelectStmt): void {
  const name = rangeName(statement.intoClause?.rel);
  if (!hasSchema(draft, name) || isTaken(draft, name, false)) return;
  refuseTypeName(draft, name);
  predictQuery(draft, { SelectStmt: statement }, "run");
}
