import { quoteLiteral } from "../../sql/index.ts";
import type { Body } from "../tree.ts";
import { complete, rangeName, regclass, shownName, unknown, type Postcondition } from "./check.ts";

/**
 * CREATE INDEX: there, on this table, valid and maintained. An unnamed one cannot be told from its twins; one ON ONLY
 * a partitioned table stays invalid until every partition has its own (manual 11.9.2, CREATE INDEX).
 */
export function createIndex(body: Body): Postcondition {
  const name = body["idxname"] as string | undefined;
  if (name === undefined) return unknown;
  const table = rangeName(body["relation"]);
  const isOnly = (body["relation"] as Body)["inh"] !== true;
  const valid = "i.indisvalid AND i.indisready AND i.indislive";
  const condition = isOnly ? `(${valid} OR c.relkind = 'I')` : valid;
  return complete({
    what: `index ${name} of ${shownName(table)} is there and valid`,
    sql: `EXISTS (SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = ${regclass(table)} AND c.relname = ${quoteLiteral(name)} AND ${condition})`,
  });
}
