import type { Catalog } from "../../../catalog/index.ts";
import { fillTables } from "../../../effects/index.ts";
import type { Session } from "../../../pg/index.ts";
import { quoteIdent, quoteLiteral, quoteQualified } from "../../../sql/index.ts";
import { keepsRows } from "../rows.ts";
import { orphanDeletes } from "./accepted.ts";
import { withoutTriggers } from "./in-transaction.ts";

/**
 * Adds rows to every table, beside those that are there.
 *
 * @returns tables that stay empty, with the reason
 */
export async function addRows(
  session: Session,
  catalog: Catalog,
  count: number,
): Promise<readonly string[]> {
  const own = Object.values(catalog.tables)
    .filter(keepsRows)
    .map(({ schema, name, columns }, n) => {
      const given = columns.filter(({ generated }) => generated === null);
      const list = given.map((column) => quoteIdent(column.name)).join(", ");
      return { sql: quoteQualified(schema, name), aside: `lockstep_aside_${n}`, list };
    })
    .filter(({ list }) => list !== "");
  // Only empty tables are filled, so those that have rows are empty for a while.
  const asides = own.flatMap(({ sql, aside, list }) => [
    `CREATE TEMP TABLE ${aside} AS SELECT ${list} FROM ONLY ${sql}`,
    `DELETE FROM ONLY ${sql}`,
  ]);
  await withoutTriggers(session, asides);
  const { left } = await fillTables(session, count);
  const backs = own.map(({ sql, aside, list }) => {
    const values = `OVERRIDING SYSTEM VALUE SELECT ${list} FROM ${aside}`;
    // What a made row is in the way of is worth more than that row.
    return `BEGIN INSERT INTO ${sql} (${list}) ${values};
      EXCEPTION WHEN OTHERS THEN DELETE FROM ONLY ${sql}; INSERT INTO ${sql} (${list}) ${values}; END;
      DROP TABLE ${aside};`;
  });
  if (backs.length > 0)
    await withoutTriggers(session, [
      `DO ${quoteLiteral(`BEGIN ${backs.join("\n")} END`)}`,
      ...orphanDeletes(catalog),
    ]);
  return left.map(({ relation, reason }) => `${relation} has no rows but its own: ${reason}`);
}
