import { qualifiedName, type Catalog } from "../catalog/index.ts";
import { loadedParser, quoteIdent } from "../sql/index.ts";
import { sqlName } from "./lookup.ts";
import type { TableName } from "./model.ts";

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
  { triggers, routines, tables }: Catalog,
  { schema, name }: TableName,
  has: (body: string) => boolean,
): readonly string[] {
  const own = qualifiedName(schema, name);
  const found = Object.values(triggers).filter((trigger) => {
    if (trigger.table !== own || trigger.enabled === "disabled") return false;
    const routine = Object.values(routines).find(
      (one) => qualifiedName(one.schema, one.name) === trigger.function && one.identity === "",
    );
    return routine?.language === "plpgsql" && has(routine.body);
  });
  // Of a row, they get the name of its partition.
  const isDivided = has === asksForName && tables[own]?.kind === "partitioned";
  return isDivided ? [] : found.map((trigger) => quoteIdent(trigger.name)).toSorted();
}

/** Without comments; strings are one token each. */
function tokensOf(body: string): readonly string[] {
  try {
    return loadedParser()
      .scanSync(body)
      .tokens.filter(({ tokenName }) => !tokenName.endsWith("COMMENT"))
      .map(({ text }) => text.toLowerCase());
  } catch {
    return [];
  }
}

/** Whether the body of a PL/pgSQL function asks what its trigger's table is called. */
export function asksForName(body: string): boolean {
  return tokensOf(body).some((token) => token === "tg_table_name" || token === "tg_relname");
}

/** Whether it takes a row whole: `to_jsonb(NEW)`, `NEW.*`; not `NEW.name`, nor `RETURN NEW`, which gives it back. */
export function takesRowWhole(body: string): boolean {
  const tokens = tokensOf(body);
  let isReturn = false;
  return tokens.some((token, at) => {
    if (token === ";") isReturn = false;
    else if (token === "return") isReturn = true;
    if (isReturn || (token !== "new" && token !== "old")) return false;
    const [before, next, field] = [tokens[at - 1], tokens[at + 1], tokens[at + 2]];
    if (before === ".") return false;
    return next === "." ? field === "*" : next !== ":=";
  });
}
