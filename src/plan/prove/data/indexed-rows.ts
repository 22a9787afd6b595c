import type { Catalog, Table } from "../../../catalog/index.ts";
import type { Session } from "../../../pg/index.ts";
import { qualifiedName } from "../../../sql/index.ts";
import { readRows, type Rows } from "../rows.ts";
import type { Refused, TriedMigration } from "./in-transaction.ts";
import { largestGood } from "./largest-good.ts";
import { replaceRows } from "./replace-rows.ts";

/**
 * Takes away rows that an index cannot hold (its expression fails on them): one that is built takes in rows that its own
 * transaction has deleted too (heapam_index_build_range_scan, heapam_handler.c), so here they go for good and come back
 * when they are not at fault.
 *
 * @returns whether the statement then goes well
 */
export async function keepIndexed(
  session: Session,
  tried: TriedMigration,
  { at }: Refused,
  groups: readonly (readonly Table[])[],
): Promise<boolean> {
  const goesWell = async () => {
    const then = await tried.refusal();
    return then === undefined || then.at > at;
  };
  for (const group of groups) {
    const within = catalogOf(group);
    const all = await readRows(session, within);
    const flat = [...all].flatMap(([table, { rows }]) => rows.map((row) => ({ table, row })));
    const put = (some: typeof flat) => replaceRows(session, within, rowsOf(all, some));
    await put([]);
    if (await goesWell()) {
      const kept = await largestGood(flat, async (some) => {
        await put([...some]);
        return goesWell();
      });
      await put([...kept]);
      return true;
    }
    await put(flat);
  }
  return false;
}

function catalogOf(group: readonly Table[]): Pick<Catalog, "tables"> {
  return {
    tables: Object.fromEntries(
      group.map((table) => [qualifiedName(table.schema, table.name), table]),
    ),
  };
}

function rowsOf(
  all: Rows,
  some: readonly { readonly table: string; readonly row: readonly string[] }[],
): Rows {
  return new Map(
    [...all].map(([name, { columns }]) => [
      name,
      { columns, rows: some.flatMap(({ table, row }) => (table === name ? [row] : [])) },
    ]),
  );
}
