import type { Catalog } from "../../../catalog/index.ts";
import { introspect } from "../../../catalog/index.ts";
import type { Statement } from "../../../sql/index.ts";
import { compareRows, readRows, type RowDifference } from "../rows.ts";
import type { Stage } from "../stage.ts";
import { keepAccepted } from "./accepted.ts";
import { addRows } from "./add-rows.ts";
import { keepInsertable } from "./inserted.ts";
import { setOddValues } from "./odd-values.ts";

/** Rows that each table gets where it has none. */
const rowsPerTable = 120;

/** Rows with which the migration as written goes well. */
export interface Pool {
  readonly catalog: Catalog;
  /** Rows that the starting catalog takes and the migration does not. */
  readonly refused: readonly RowDifference[];
  /** Why the migration fails however few rows there are. */
  readonly failure: string | undefined;
  /** Tables without rows, with the reason. */
  readonly left: readonly string[];
}

/** Makes rows in a database. */
export async function makePool(
  stage: Stage,
  database: string,
  naive: readonly Statement[],
): Promise<Pool> {
  return stage.visit(database, async (session) => {
    const catalog = await introspect(session);
    const left = await addRows(session, catalog, rowsPerTable);
    await session.query(advanceSequences);
    await setOddValues(session, catalog);
    await keepInsertable(session, catalog);
    const all = await readRows(session, catalog);
    const failure = await keepAccepted(session, catalog, naive);
    return {
      catalog,
      refused: compareRows(all, await readRows(session, catalog)),
      failure,
      left,
    };
  });
}

/** So that one that begins anew is seen. */
const advanceSequences = `DO $$ DECLARE one record; BEGIN
  FOR one IN SELECT c.oid::regclass AS name FROM pg_catalog.pg_class c WHERE c.relkind = 'S' LOOP
    BEGIN
      FOR n IN 1..90 LOOP PERFORM pg_catalog.nextval(one.name); END LOOP;
    EXCEPTION WHEN OTHERS THEN NULL;
    END;
  END LOOP; END $$`;
