import type { Catalog, Column, Table } from "../../../catalog/index.ts";
import type { Session } from "../../../pg/index.ts";
import { qualifiedName, quoteIdent, quoteLiteral, quoteQualified } from "../../../sql/index.ts";
import { keepsRows } from "../rows.ts";

/** Values that conversions get wrong: at the ends of a type, empty, not ASCII, equal but for case. */
const byCategory: Readonly<Record<string, readonly string[]>> = {
  S: [
    "",
    " ",
    "abc",
    "ABC",
    "Ünïcödé ☃ 😀",
    `O'Brien \\ "x" $1`,
    "two\nlines\tand more ",
    "NULL",
    "0",
    "-7",
    "x".repeat(400),
  ],
  N: [
    "0",
    "-1",
    "1",
    "32767",
    "-32768",
    "2147483647",
    "-2147483648",
    "9223372036854775807",
    "-9223372036854775808",
    "0.1",
    "NaN",
    "Infinity",
  ],
  D: ["infinity", "-infinity", "2000-02-29 12:34:56.123456+00", "1900-01-01", "00:00"],
  B: ["true", "false"],
  A: ["{}", "{NULL}"],
  U: ["{}", "null", "[1, 2]", '{"a": "é"}', String.raw`\x00`],
  T: ["0", "-1 days", "1 mon 2 days 03:04:05.123456"],
};

/**
 * Puts odd values into the last third of the rows of every table that has some, one a row, where the table's own
 * constraints take them. Columns that foreign keys use stay.
 */
export async function setOddValues(session: Session, catalog: Catalog): Promise<void> {
  const updates = Object.entries(catalog.tables)
    .filter(([, table]) => keepsRows(table))
    .flatMap(([name, table]) => updatesOf(name, table, catalog));
  if (updates.length === 0) return;
  const blocks = updates.map((sql) => `BEGIN ${sql} EXCEPTION WHEN OTHERS THEN NULL; END;`);
  await session.batch(
    [
      "BEGIN",
      "SET LOCAL session_replication_role = replica",
      // A fault that is a row's is no fault of the others.
      `DO ${quoteLiteral(`BEGIN ${blocks.join("\n")} END`)}`,
      "COMMIT",
    ].join(";\n"),
  );
}

function updatesOf(name: string, table: Table, catalog: Catalog): readonly string[] {
  const sql = quoteQualified(table.schema, table.name);
  const bound = boundColumns(name, table, catalog);
  // A virtual column is computed when it is read.
  const readable = table.columns.some(({ generated }) => generated?.kind === "virtual")
    ? ` PERFORM one::text FROM ONLY ${sql} AS one;`
    : "";
  let at = 0;
  return table.columns.flatMap((column) => {
    if (bound.has(column.name) || column.generated !== null) return [];
    return valuesOf(column, catalog).map((value) => {
      const row = `SELECT ctid FROM ONLY ${sql} ORDER BY ctid DESC OFFSET ${at++} % (SELECT 1 + count(*) / 3 FROM ONLY ${sql}) LIMIT 1`;
      return `UPDATE ONLY ${sql} SET ${quoteIdent(column.name)} = ${value} WHERE ctid = (${row});${readable}`;
    });
  });
}

function valuesOf({ type, nullable }: Column, { enums, domains }: Catalog): readonly string[] {
  const called = qualifiedName(type.schema, type.name);
  const category = type.array ? "A" : (domains[called]?.baseType.category ?? type.category);
  const labels = enums[called]?.labels;
  const values = labels !== undefined && !type.array ? labels : (byCategory[category] ?? []);
  return [...values.map(quoteLiteral), ...(nullable ? ["NULL", "NULL"] : [])];
}

/** Columns of foreign keys, on either side. */
export function boundColumns(name: string, table: Table, catalog: Catalog): ReadonlySet<string> {
  const own = table.constraints.flatMap((one) => (one.kind === "foreign-key" ? one.columns : []));
  const root = table.partitionOf?.table;
  const named = Object.values(catalog.tables).flatMap(({ constraints }) =>
    constraints.flatMap((one) =>
      one.kind === "foreign-key" && (one.references.table === name || one.references.table === root)
        ? one.references.columns
        : [],
    ),
  );
  return new Set([...own, ...named]);
}
