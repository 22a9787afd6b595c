import { quoteIdent } from "../sql/index.ts";
import type { TableCopy } from "./plan.ts";

/** The two halves of a table's copy. @param most rows, all when left away */
export function copyStatements(
  { table, into, columns }: TableCopy,
  most?: number,
): { readonly read: string; readonly write: string } {
  const values = [...columns].map(
    ([name, { expression }]) => `${expression} AS ${quoteIdent(name)}`,
  );
  const names = [...columns.keys()].map((name) => quoteIdent(name));
  const limit = most === undefined ? "" : ` LIMIT ${most}`;
  return {
    read: `COPY (SELECT ${values.join(", ")} FROM ONLY ${table.sql} AS t${limit}) TO STDOUT`,
    write: `COPY ${into} (${names.join(", ")}) FROM STDIN`,
  };
}
