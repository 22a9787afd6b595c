import { quoteLiteral } from "../../../sql/index.ts";
import { dollarQuoted } from "../../dual-writes/index.ts";
import { namesOf, type ColumnChange } from "./facts.ts";

/**
 * What a catalog does not hold and production may have set by hand: the column's statistics target and options, and
 * its privileges. Storage and compression are left out: `ALTER COLUMN TYPE` sets both back (ATExecAlterColumnType).
 */
export function copiedSettings(change: ColumnChange): string {
  const { table, made } = namesOf(change);
  const { column } = change;
  const [on, to] = [quoteLiteral(table), quoteLiteral(made)];
  const of = `attrelid = ${on}::pg_catalog.regclass AND attname = ${quoteLiteral(column.name)}`;
  return doBlock(
    ["own pg_catalog.pg_attribute;", "granted record;"],
    [
      `SELECT * INTO own FROM pg_catalog.pg_attribute WHERE ${of};`,
      "IF own.attstattarget >= 0 THEN",
      `  EXECUTE pg_catalog.format('ALTER TABLE %s ALTER COLUMN %s SET STATISTICS %s', ${on}, ${to}, own.attstattarget);`,
      "END IF;",
      "IF own.attoptions IS NOT NULL THEN",
      `  EXECUTE pg_catalog.format('ALTER TABLE %s ALTER COLUMN %s SET (%s)', ${on}, ${to}, pg_catalog.array_to_string(own.attoptions, ', '));`,
      "END IF;",
      "FOR granted IN SELECT * FROM pg_catalog.aclexplode(own.attacl) LOOP",
      `  EXECUTE pg_catalog.format('GRANT %s (%s) ON %s TO %s%s', granted.privilege_type, ${to}, ${on},`,
      ...granteeAndOption,
      "END LOOP;",
    ],
  );
}

/** Arguments of a `GRANT … TO %s%s`. */
export const granteeAndOption: readonly string[] = [
  "    CASE granted.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(granted.grantee)) END,",
  "    CASE WHEN granted.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END);",
];

/**
 * Sessions that have a trigger function compiled keep the column's old type in it and fail ("type of parameter …
 * does not match that when preparing the plan", pl_exec.c) until the function's row in pg_proc changes.
 */
export function recompiledTriggers(change: ColumnChange): string {
  const on = quoteLiteral(namesOf(change).table);
  return doBlock(
    ["routine record;"],
    [
      "FOR routine IN",
      "  SELECT DISTINCT p.oid::pg_catalog.regprocedure AS name, p.procost AS cost",
      "  FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid",
      "  JOIN pg_catalog.pg_language l ON l.oid = p.prolang",
      `  WHERE t.tgrelid = ${on}::pg_catalog.regclass AND NOT t.tgisinternal AND l.lanname = 'plpgsql'`,
      "LOOP",
      "  EXECUTE pg_catalog.format('ALTER FUNCTION %s COST %s', routine.name, routine.cost);",
      "END LOOP;",
    ],
  );
}

/**
 * After the columns exchanged names: publications of a list of columns (15) that named the first form by its number
 * name the second.
 */
export function publicationsThatFollow(
  change: ColumnChange,
  [from, to]: readonly [string, string],
): readonly string[] {
  if (change.major < 15) return [];
  const on = quoteLiteral(namesOf(change).table);
  const block = doBlock(
    ["published record;"],
    [
      "FOR published IN",
      "  SELECT p.pubname, pg_catalog.pg_get_expr(r.prqual, r.prrelid) AS filter,",
      "    (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(",
      `       CASE a.attname WHEN ${quoteLiteral(from)} THEN ${quoteLiteral(to)} ELSE a.attname END), ', ')`,
      "     FROM pg_catalog.pg_attribute a WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs)) AS columns",
      "  FROM pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid",
      "  JOIN pg_catalog.pg_attribute c ON c.attrelid = r.prrelid AND c.attnum = ANY (r.prattrs)",
      `  WHERE r.prrelid = ${on}::pg_catalog.regclass AND c.attname = ${quoteLiteral(from)}`,
      "LOOP",
      `  EXECUTE pg_catalog.format('ALTER PUBLICATION %I DROP TABLE %s', published.pubname, ${on});`,
      `  EXECUTE pg_catalog.format('ALTER PUBLICATION %I ADD TABLE %s (%s)%s', published.pubname, ${on}, published.columns,`,
      "    coalesce(' WHERE (' || published.filter || ')', ''));",
      "END LOOP;",
    ],
  );
  return [block];
}

/** Statements that run only when the table has the column: `DO` that can be repeated. */
export function whenColumnExists(
  table: string,
  column: string,
  statements: readonly string[],
): string {
  return doBlock(
    [],
    [
      "IF EXISTS (SELECT FROM pg_catalog.pg_attribute",
      `  WHERE attrelid = pg_catalog.to_regclass(${quoteLiteral(table)}) AND attname = ${quoteLiteral(column)} AND NOT attisdropped)`,
      "THEN",
      ...statements.map((statement) => `  ${statement};`),
      "END IF;",
    ],
  );
}

export function doBlock(declare: readonly string[], lines: readonly string[]): string {
  const head = declare.length === 0 ? [] : ["DECLARE", ...declare.map((line) => `  ${line}`)];
  return `DO ${dollarQuoted([...head, "BEGIN", ...lines.map((line) => `  ${line}`), "END"].join("\n"))}`;
}
