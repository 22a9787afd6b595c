import { sqlState } from "../pg/index.ts";
import type { Guard } from "../runner/index.ts";
import { quoteLiteral } from "../sql/index.ts";
import { losesUnnamed } from "./losing.ts";
import type { Holder } from "./losses.ts";

interface Guarded {
  readonly migration: string;
  readonly holders: readonly Holder[];
  /** Names of those that may go: they are not looked at. */
  readonly lose: readonly string[];
}

/** What a check fails with when it has found rows. */
const grown = "LS001";

/** How long others may wait for a count under the lock, in ms. */
const withinMs = 2_000;

/**
 * What was empty when it was counted must still be when it goes: a transaction may have committed rows since. Each transaction
 * of the way back locks what it may take with it, as dropping does, and looks once more; nobody writes between that and the
 * commit.
 */
export function guardOf({ migration, holders: all, lose }: Guarded): Guard | undefined {
  const holders = all.filter(({ name }) => !lose.includes(name));
  if (holders.length === 0) return undefined;
  const tables = new Set(holders.map(({ table }) => table));
  return {
    locks: [...tables].map((table) =>
      doSql(`IF ${isThere(table)} THEN LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE; END IF;`),
    ),
    checks: holders.map(lookAgain),
    withinMs,
    failure: (check, error, isBegun) => {
      const { name, what } = holders[check]!;
      const isGrown = sqlState(error) === grown;
      const rows = isGrown ? Number((error as { readonly detail?: string }).detail) : undefined;
      return losesUnnamed({
        migration,
        unnamed: [{ name, what, rows }],
        named: [...lose, name],
        isBegun,
        why: isGrown
          ? "it held nothing when it was counted, and was written to before it could be locked"
          : `it held nothing when it was counted, and could not be counted again within ${withinMs / 1_000} s under the lock, while others wait: ${(error as Error).message}`,
        cause: error,
      });
    },
  };
}

function lookAgain({ table, column, sql }: Holder): string {
  const there =
    column === undefined
      ? isThere(table)
      : `EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = ${regclass(table)} AND attname = ${quoteLiteral(column)} AND NOT attisdropped)`;
  return doSql(`IF ${there} THEN
    -- As for the first count: no policy may hide a row.
    PERFORM pg_catalog.set_config('row_security', 'off', true);
    SELECT pg_catalog.count(*) INTO found FROM (${sql}) AS r;
    PERFORM pg_catalog.set_config('row_security', policies, true);
    IF found > 0 THEN
      RAISE EXCEPTION 'rows that would be lost' USING ERRCODE = '${grown}', DETAIL = found::text;
    END IF;
  END IF;`);
}

function isThere(table: string): string {
  return `${regclass(table)} IS NOT NULL`;
}

function regclass(table: string): string {
  return `pg_catalog.to_regclass(${quoteLiteral(table.replace(/^ONLY /, ""))})`;
}

/** Not by dollar quotes: a name may hold those. */
function doSql(body: string): string {
  return `DO ${quoteLiteral(`DECLARE found bigint; policies text := pg_catalog.current_setting('row_security'); BEGIN ${body} END`)}`;
}
