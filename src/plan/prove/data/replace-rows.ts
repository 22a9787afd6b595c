import type { Catalog } from "../../../catalog/index.ts";
import type { Session } from "../../../pg/index.ts";
import { quoteIdent, quoteQualified } from "../../../sql/index.ts";
import { literal } from "../release/tables.ts";
import { keepsRows, valueOf, type Rows } from "../rows.ts";
import { withoutTriggers } from "./in-transaction.ts";

/** Empties tables and gives them these rows; no trigger fires and no foreign key is looked up. */
export async function replaceRows(
  session: Session,
  catalog: Pick<Catalog, "tables">,
  rows: Rows,
): Promise<void> {
  const statements = Object.entries(catalog.tables)
    .filter(([, table]) => keepsRows(table))
    .flatMap(([name, table]) => {
      const sql = quoteQualified(table.schema, table.name);
      const found = rows.get(name)!;
      const given = table.columns.filter(({ generated }) => generated === null);
      const places = given.map((column) => found.columns.indexOf(column.name));
      const values = found.rows.map(
        (row) => `(${places.map((at) => literal(valueOf(row[at]!))).join(", ")})`,
      );
      const list = given.map((column) => quoteIdent(column.name)).join(", ");
      return [
        `DELETE FROM ONLY ${sql}`,
        ...(values.length === 0 || given.length === 0
          ? []
          : [`INSERT INTO ${sql} (${list}) OVERRIDING SYSTEM VALUE VALUES ${values.join(", ")}`]),
      ];
    });
  await withoutTriggers(session, statements);
}
