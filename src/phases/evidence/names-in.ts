import { loadedParser, loadParser, parseSql } from "../../sql/index.ts";
import type { Going } from "../goes.ts";

/**
 * Tells which statements name what goes. A statement that cannot be parsed (its text was cut) counts when it holds the
 * words.
 */
export async function namesWhatGoes(query: string, going: Going): Promise<boolean> {
  await loadParser();
  const words = await wordsOf(query);
  const { tables, columns } = going;
  const says = (schema: string, name: string) =>
    words.relations === undefined
      ? words.all.has(name)
      : words.relations.some((one) => one.name === name && (one.schema ?? schema) === schema);
  return (
    tables.some(({ schema, name }) => says(schema, name)) ||
    columns.some(({ table, column }) => says(table.schema, table.name) && words.all.has(column))
  );
}

/**
 * Tells which statements take every column of a table of which some go, without naming them: `*`, and INSERT and COPY
 * without a list. Either release may send them.
 */
export async function takesAllColumns(query: string, going: Going): Promise<boolean> {
  await loadParser();
  const { relations, takesAll } = await wordsOf(query);
  return (
    takesAll &&
    going.columns.some(({ table }) =>
      relations?.some(
        ({ schema, name }) => name === table.name && (schema ?? table.schema) === table.schema,
      ),
    )
  );
}

interface Words {
  /** Every identifier of the statement. */
  readonly all: ReadonlySet<string>;
  /** Relations it names; undefined when that cannot be told. */
  readonly relations:
    | readonly { readonly schema: string | undefined; readonly name: string }[]
    | undefined;
  /** Whether it takes columns that it does not name. */
  readonly takesAll: boolean;
}

async function wordsOf(query: string): Promise<Words> {
  try {
    const relations: { schema: string | undefined; name: string }[] = [];
    const all = new Set<string>();
    let takesAll = false;
    for (const { node } of await parseSql(query, "pg_stat_activity")) {
      collect(node, all, relations);
      takesAll ||= hasNoList(node);
    }
    return { all, relations, takesAll };
  } catch {
    return { all: scanned(query), relations: undefined, takesAll: false };
  }
}

function hasNoList(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { A_Star, InsertStmt, CopyStmt } = value as Record<string, Body | undefined>;
  if (A_Star !== undefined) return true;
  if (InsertStmt?.["selectStmt"] !== undefined && InsertStmt["cols"] === undefined) return true;
  if (CopyStmt?.["relation"] !== undefined && CopyStmt["attlist"] === undefined) return true;
  return Object.values(value).some(hasNoList);
}

type Body = Readonly<Record<string, unknown>>;

/** Members that hold an identifier: columns that are read (`sval` in a ColumnRef) and written, and names of any kind. */
const members = ["name", "relname", "colname", "sval", "aliasname", "indexcolname"] as const;

function collect(
  value: unknown,
  all: Set<string>,
  relations: { schema: string | undefined; name: string }[],
): void {
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    for (const one of value) collect(one, all, relations);
    return;
  }
  const body = value as Body;
  const { relname, schemaname } = body;
  if (typeof relname === "string")
    relations.push({
      schema: typeof schemaname === "string" ? schemaname : undefined,
      name: relname,
    });
  for (const member of members) {
    const name = body[member];
    if (typeof name === "string") all.add(name);
  }
  // A constant is a value, whatever it spells.
  for (const [member, one] of Object.entries(body))
    if (member !== "A_Const") collect(one, all, relations);
}

/** Identifiers of a text that is no whole statement, as the scanner cuts them. */
function scanned(query: string): ReadonlySet<string> {
  const words = new Set<string>();
  // A string or a quoted name that was cut off has no end: what stands before it is still read.
  for (
    let text = query;
    text !== "";
    text = text.slice(0, Math.max(text.lastIndexOf('"'), text.lastIndexOf("'"), 0))
  )
    try {
      for (const { tokenName, text: word } of loadedParser().scanSync(text).tokens)
        if (tokenName === "IDENT" || tokenName.endsWith("_P")) words.add(unquoted(word));
      break;
    } catch {
      continue;
    }
  return words;
}

function unquoted(word: string): string {
  return word.startsWith('"') ? word.slice(1, -1).replaceAll('""', '"') : word.toLowerCase();
}
