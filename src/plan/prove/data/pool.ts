import type { Catalog } from "../../../catalog/index.ts";
import { introspect } from "../../../catalog/index.ts";
import { fillTables } from "../../../effects/index.ts";
import type { Statement } from "../../../sql/index.ts";
import { compareRows, readRows, type RowDifference } from "../rows.ts";
import type { Stage } from "../stage.ts";
import { keepAccepted } from "./accepted.ts";
import { setOddValues } from "./odd-values.ts";

/** Rows that each table gets where it has none. */
const rowsPerTable = 120;

/** Rows with which the migration as written goes well. */
export interface Pool {
  /** Name of the database that holds them. */
  readonly database: string;
  readonly catalog: Catalog;
  /** Rows that the starting catalog takes and the migration does not. */
  readonly refused: readonly RowDifference[];
  /** Why the migration fails however few rows there are. */
  readonly failure: string | undefined;
  /** Tables without rows, with the reason. */
  readonly left: readonly string[];
}

/** Makes rows in a copy of the start. */
export async function makePool(
  stage: Stage,
  start: string,
  naive: readonly Statement[],
): Promise<Pool> {
  const database = await stage.copy(start);
  return stage.visit(database, async (session) => {
    const { left } = await fillTables(session, rowsPerTable);
    const catalog = await introspect(session);
    await setOddValues(session, catalog);
    const all = await readRows(session, catalog);
    const failure = await keepAccepted(session, catalog, naive);
    return {
      database,
      catalog,
      refused: compareRows(all, await readRows(session, catalog)),
      failure,
      left: left.map(({ relation, reason }) => `${relation} has no rows: ${reason}`),
    };
  });
}
