import { setTimeout as sleep } from "node:timers/promises";
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
  const isPast = (then: Refused | undefined) => then === undefined || then.at > at;
  const goesWell = async () =>
    isPast(await tried.refusal()) || ((await othersEnd(session)) && isPast(await tried.refusal()));
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

/** Longest wait for others in ms. */
const longestWait = 30_000;

/**
 * Rows that are gone are still there for whoever began before (autovacuum, on a scratch server), and an index takes them in
 * as well until he has ended.
 *
 * @returns true when somebody was waited for, and has ended
 */
async function othersEnd(session: Session): Promise<boolean> {
  const begun = performance.now();
  for (let waited = 0; ; waited++) {
    const [[others] = []] = await session.queryArrays(
      `SELECT pg_catalog.count(*)::integer FROM pg_catalog.pg_stat_activity
        WHERE datname = pg_catalog.current_database() AND pid <> pg_catalog.pg_backend_pid()
          AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)`,
    );
    if (others === 0) return waited > 0;
    if (performance.now() - begun > longestWait) return false;
    await sleep(100);
  }
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
