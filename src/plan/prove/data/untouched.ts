import type { Catalog, Table } from "../../../catalog/index.ts";
import type { Session } from "../../../pg/index.ts";
import { readRows, type Rows, type Uncompared } from "../rows.ts";

/** A moment of a database: rows that were written after it have later transactions. */
export async function momentOf(session: Session): Promise<string> {
  const [[moment] = []] = await session.queryArrays(
    "SELECT pg_catalog.pg_current_xact_id()::xid::text",
  );
  return String(moment);
}

/**
 * Rows that nobody has written since a moment, of tables with columns whose values chance decides from then on: there too
 * the values of these rows are known. Columns that were not known before are left out, and those that came later.
 *
 * @param unknown what is not compared in the end
 * @param before what was not known before the moment
 */
export async function untouchedRows(
  session: Session,
  moment: string,
  catalogs: { readonly start: Catalog; readonly end: Catalog },
  { unknown, before }: { readonly unknown: Uncompared; readonly before: Uncompared },
): Promise<Rows> {
  const tables = Object.entries(catalogs.end.tables).flatMap(([name, table]) => {
    const first = catalogs.start.tables[name];
    const [left, late] = [before.get(name), unknown.get(name)];
    if (first === undefined || late === undefined || late.size >= table.columns.length) return [];
    const columns = table.columns.filter(
      (column) =>
        left?.has(column.name) !== true && first.columns.some((own) => own.name === column.name),
    );
    return columns.some((column) => late.has(column.name))
      ? [[name, { ...table, columns }] as [string, Table]]
      : [];
  });
  return readRows(
    session,
    { tables: Object.fromEntries(tables) },
    { where: `pg_catalog.age(xmin) > pg_catalog.age('${moment}'::xid)` },
  );
}
