import type { Catalog, Table } from "../../../catalog/index.ts";
import type { Session } from "../../../pg/index.ts";
import { qualifiedName, quoteIdent, quoteLiteral, quoteQualified } from "../../../sql/index.ts";
import { keepsRows } from "../rows.ts";
import { orphanDeletes } from "./accepted.ts";
import { withoutTriggers } from "./in-transaction.ts";

/**
 * Takes away the made rows that triggers of their table refuse on INSERT: a live table has none like them, and a step
 * that writes them would fail for that reason. What a trigger refuses on UPDATE alone stays: such rows there may be. So do
 * all rows of a table of which none would be let in.
 */
export async function keepInsertable(session: Session, catalog: Catalog): Promise<void> {
  const tables = Object.values(catalog.tables).filter(
    (table) => keepsRows(table) && hasGuard(catalog, table),
  );
  if (tables.length === 0) return;
  for (const table of tables) await session.query(`DO ${quoteLiteral(sortingOut(table))}`);
  await withoutTriggers(session, orphanDeletes(catalog));
}

function hasGuard({ triggers }: Catalog, { schema, name }: Table): boolean {
  const own = qualifiedName(schema, name);
  return Object.values(triggers).some((one) => one.table === own && one.enabled !== "disabled");
}

/** Takes each row out and puts it in again, as an application does; nothing of it stays. */
function sortingOut({ schema, name, columns }: Table): string {
  const sql = quoteQualified(schema, name);
  const given = columns.filter(({ generated }) => generated === null);
  const list = given.map((column) => quoteIdent(column.name)).join(", ");
  const values = given.map((column) => `lockstep_row.${quoteIdent(column.name)}`).join(", ");
  const role = (value: string) =>
    `PERFORM pg_catalog.set_config('session_replication_role', '${value}', true);`;
  return `DECLARE lockstep_place tid; lockstep_row ${sql}; lockstep_bad tid[] := '{}'; lockstep_count integer := 0;
BEGIN
  FOR lockstep_place IN SELECT ctid FROM ONLY ${sql} LOOP
    lockstep_count := lockstep_count + 1;
    BEGIN
      SELECT * INTO lockstep_row FROM ONLY ${sql} WHERE ctid = lockstep_place;
      ${role("replica")}
      DELETE FROM ONLY ${sql} WHERE ctid = lockstep_place;
      ${role("origin")}
      INSERT INTO ${sql} (${list}) OVERRIDING SYSTEM VALUE VALUES (${values});
      RAISE EXCEPTION USING ERRCODE = 'LS000';
    EXCEPTION
      WHEN SQLSTATE 'LS000' THEN NULL;
      WHEN raise_exception THEN lockstep_bad := lockstep_bad || lockstep_place;
      WHEN OTHERS THEN NULL;
    END;
  END LOOP;
  IF pg_catalog.cardinality(lockstep_bad) < lockstep_count THEN
    ${role("replica")}
    DELETE FROM ONLY ${sql} WHERE ctid = ANY (lockstep_bad);
    ${role("origin")}
  END IF;
END`;
}
