import { qualifiedName, type Catalog } from "../catalog/index.ts";
import { quoteIdent } from "../sql/index.ts";
import { sqlName } from "./lookup.ts";
import type { TableName } from "./model.ts";
import { asksForName, takesRowWhole, triggerBody } from "./trigger-body.ts";

/**
 * What somebody has to know before rows of a table get a second form: which of its triggers take them whole, and see
 * both. The bodies of other languages than PL/pgSQL are not known.
 */
export function wholeRowNotes(catalog: Catalog, table: TableName): readonly string[] {
  const names = triggersWith(catalog, table, takesRowWhole);
  if (names.length === 0) return [];
  return [
    `from the expand phase until the contract phase, rows of ${sqlName(table)} have both forms, and a column of Lockstep's; triggers whose functions take NEW or OLD whole see all of them: ${names.join(", ")}`,
  ];
}

/** The same before the table itself gets another name: which of its triggers ask for that. */
export function tableNameNotes(
  catalog: Catalog,
  table: TableName,
  newname: string,
): readonly string[] {
  const names = triggersWith(catalog, table, asksForName);
  if (names.length === 0) return [];
  return [
    `until the contract phase, triggers whose functions ask for their table's name (TG_TABLE_NAME) get ${quoteIdent(table.name)}, and from then on ${quoteIdent(newname)}: ${names.join(", ")}`,
  ];
}

function triggersWith(
  catalog: Catalog,
  { schema, name }: TableName,
  has: (body: string) => boolean,
): readonly string[] {
  const { triggers, tables } = catalog;
  const own = qualifiedName(schema, name);
  const found = Object.values(triggers).filter((trigger) => {
    if (trigger.table !== own || trigger.enabled === "disabled") return false;
    const body = triggerBody(catalog, trigger.function);
    return body !== undefined && has(body);
  });
  // Of a row, they get the name of its partition.
  const isDivided = has === asksForName && tables[own]?.kind === "partitioned";
  return isDivided ? [] : found.map((trigger) => quoteIdent(trigger.name)).toSorted();
}
