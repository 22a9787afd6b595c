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

interface Words {
  /** Every identifier of the statement. */
  readonly all: ReadonlySet<string>;
  /** Relations it names; undefined when that cannot be told. */
  readonly relations:
    | readonly { readonly schema: string | undefined; readonly name: string }[]
    | undefined;
}

async function wordsOf(query: string): Promise<Words> {
  try {
    const relations: { schema: string | undefined; name: string }[] = [];
    const all = new Set<string>();
    for (const { node } of await parseSql(query, "pg_stat_activity")) collect(node, all, relations);
    return { all, relations };
  } catch {
    return { all: scanned(query), relations: undefined };
  }
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
