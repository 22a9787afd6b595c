import { quoteLiteral, type Statement } from "../sql/index.ts";
import { rangeName, regclass } from "./postcondition/index.ts";
import { bodyOf } from "./tree.ts";

/** Part of the message that `guardOf` fails with. */
export const invalidIndexMark = "IF NOT EXISTS found an invalid index of this name";

/**
 * CREATE INDEX IF NOT EXISTS looks only at the name: a query after it that fails when the index is an invalid one.
 */
export function guardOf(statement: Statement): string | undefined {
  const body = bodyOf(statement);
  if (statement.kind !== "IndexStmt" || body["if_not_exists"] !== true) return undefined;
  const index = `i.indrelid = ${regclass(rangeName(body["relation"]))} AND c.relname = ${quoteLiteral(String(body["idxname"]))}`;
  // The cast must depend on a row, or the planner would make it fail always.
  return `SELECT (c.relname || ': ${invalidIndexMark}')::pg_catalog.int4 FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
    WHERE ${index} AND c.relkind <> 'I' AND NOT (i.indisvalid AND i.indisready AND i.indislive)`;
}
