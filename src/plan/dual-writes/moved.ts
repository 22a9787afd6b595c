import { quoteIdent, quoteLiteral, quoteQualified } from "../../sql/index.ts";
import { rowExpression } from "./expression.ts";
import { apartFunction, rowFunction } from "./apart.ts";
import {
  afterOldTable,
  apartFromNewTable,
  afterNewTable,
  beforeNewTable,
  lockOf,
  type MovedSql,
} from "./moved-functions.ts";
import { madeName, shortHash } from "./names.ts";
import { dollarQuoted } from "./quoting.ts";
import { alwaysTrigger, forItsTableAlone, triggerFunction } from "./trigger.ts";

/** Columns that the old release has in one table and the new release in another, of which at most one row belongs to each row of the first. */
export interface MovedColumns {
  readonly plan: string;
  /** The table that the old release writes. */
  readonly from: { readonly schema: string; readonly name: string };
  /** The other table as it is called while both run: the new release reaches it through a view. */
  readonly to: { readonly schema: string; readonly name: string };
  /** A unique key of `from`, and the unique columns of `to` that refer to it by a foreign key. */
  readonly key: readonly TypedColumn[];
  readonly columns: readonly (TypedColumn & { readonly nullable: boolean })[];
  /** Which rows of `from` have one in `to`: a condition over the moved columns, as SQL. Not true where all are NULL. */
  readonly where: string;
  /** What the condition calls the table, and where it stands, for messages. */
  readonly alias: string;
  readonly origin: string;
  /** Where names in the condition are looked up. */
  readonly searchPath: readonly string[];
}

/** A column in the old release's table and in the new one's. */
export interface MovedColumn {
  readonly from: string;
  readonly to: string;
}

/** Of one type in both, as `format_type` writes it. */
export interface TypedColumn extends MovedColumn {
  readonly type: string;
}

export interface MovedStatements {
  /** Column of both tables; in `from` it is 0 in rows that are still to be copied. */
  readonly flag: string;
  /** The condition of the view through which the new release writes, over the alias `t` of the new table. */
  readonly gate: string;
  /** What the new table needs before anybody writes it, and what ends that. */
  readonly startNew: readonly string[];
  readonly stopNew: readonly string[];
  /** The same for the old release's table; in one transaction. Each can be repeated without harm. */
  readonly startOld: readonly string[];
  readonly stopOld: readonly string[];
  /** When nobody writes the new table's flag any more. */
  readonly dropFlagOld: string;
  /** Functions, to be dropped when neither table nor view needs them. */
  readonly stopFunctions: readonly string[];
}

/**
 * Triggers that keep columns in step which two releases have in two tables.
 *
 * Whoever writes, the row of the old table is locked first, so that writers of both releases wait for each other on
 * one row, as if there were one table. A trigger alone cannot do this: UPDATE and DELETE lock a row before its BEFORE
 * trigger runs (GetTupleForTrigger, trigger.c). So the new release writes through a view whose condition takes the
 * lock; it is looked at before the row is locked (ExecScan, execScan.h), and does nothing while no UPDATE or DELETE
 * runs, which statement triggers tell it.
 *
 * Who wrote a row is told from the row: a write by one of these triggers changes the flag.
 *
 * @throws LockstepError `plan-expression` when the condition reads more than the row
 */
export async function movedStatements(moved: MovedColumns): Promise<MovedStatements> {
  const { plan, from, to, key, columns, alias, origin, searchPath } = moved;
  const [oldTable, newTable] = [from, to].map(({ schema, name }) => quoteQualified(schema, name));
  const where = await rowExpression(moved.where, alias, origin);
  const flag = madeName("lockstep", plan, to.name);
  const made = (what: string) =>
    quoteQualified("lockstep", madeName(what, plan, to.schema, to.name));
  const [copy, back, first, gated, gate] = ["copy", "back", "first", "gated", "gate"].map(made);
  const trigger = (mark: string) => quoteIdent(madeName(`${mark}lockstep`, plan, to.name));
  const setting = quoteLiteral(`lockstep.gate_${plan}_${shortHash(to.schema, to.name)}`).trim();
  const path = ["pg_catalog", ...searchPath.map(quoteIdent), "pg_temp"].join(", ");
  const apart = apartFunction(plan, to);
  const sql: MovedSql = {
    oldTable: oldTable!,
    newTable: newTable!,
    flag: quoteIdent(flag),
    key,
    columns,
    where,
  };
  const own = `coalesce(nullif(pg_catalog.current_setting(${setting}, true), ''), '0')`;
  const routine = (name: string, on: string, body: readonly string[]) => [
    triggerFunction(name, path, body.join("\n"), "definer"),
    forItsTableAlone(name, on),
  ];
  return {
    flag,
    gate: `CASE WHEN ${own} = '0' THEN true ELSE ${gate}(${key.map((one) => `t.${quoteIdent(one.to)}`).join(", ")}) END`,
    startNew: [
      // 2: what the new release inserts.
      `ALTER TABLE ${newTable} ADD COLUMN ${quoteIdent(flag)} integer NOT NULL DEFAULT 2`,
      gateFunction(gate!, path, sql),
      ...routine(gated!, newTable!, [
        "BEGIN",
        `  PERFORM pg_catalog.set_config(${setting}, (${own}::integer + TG_ARGV[0]::integer)::text, true);`,
        "  RETURN NULL;",
        "END",
      ]),
      ...routine(first!, newTable!, beforeNewTable(sql)),
      ...routine(back!, newTable!, afterNewTable(sql)),
      ...alwaysTrigger(
        trigger("<"),
        newTable!,
        "BEFORE UPDATE OR DELETE",
        "STATEMENT",
        `${gated}('1')`,
      ),
      ...alwaysTrigger(
        trigger(">"),
        newTable!,
        "AFTER UPDATE OR DELETE",
        "STATEMENT",
        `${gated}('-1')`,
      ),
      ...alwaysTrigger(
        trigger("~"),
        newTable!,
        "BEFORE INSERT OR UPDATE OR DELETE",
        "ROW",
        `${first}()`,
      ),
      ...alwaysTrigger(
        trigger("!"),
        newTable!,
        "AFTER INSERT OR UPDATE OR DELETE",
        "ROW",
        `${back}()`,
      ),
    ],
    stopNew: [
      ...["<", ">", "~", "!"].map((mark) => `DROP TRIGGER ${trigger(mark)} ON ${newTable}`),
      `ALTER TABLE ${newTable} DROP COLUMN ${quoteIdent(flag)}`,
    ],
    startOld: [
      `ALTER TABLE ${oldTable} ADD COLUMN IF NOT EXISTS ${quoteIdent(flag)} integer NOT NULL DEFAULT 0`,
      `ALTER TABLE ${oldTable} ALTER COLUMN ${quoteIdent(flag)} SET DEFAULT 1`,
      ...routine(copy!, oldTable!, afterOldTable(sql)),
      // In front of the foreign key's own triggers, which would refuse what the old release may do (RI_ConstraintTrigger…).
      ...alwaysTrigger(
        trigger("!"),
        oldTable!,
        "AFTER INSERT OR UPDATE OR DELETE",
        "ROW",
        `${copy}()`,
      ),
      rowFunction(apart, oldTable!, path, apartFromNewTable(sql).join("\n")),
    ],
    stopOld: [
      `DROP TRIGGER IF EXISTS ${trigger("!")} ON ${oldTable}`,
      `DROP FUNCTION IF EXISTS ${copy}()`,
      `DROP FUNCTION IF EXISTS ${apart}(${oldTable})`,
    ],
    dropFlagOld: `ALTER TABLE ${oldTable} DROP COLUMN IF EXISTS ${quoteIdent(flag)}`,
    stopFunctions: [
      ...[first, back, gated].map((name) => `DROP FUNCTION IF EXISTS ${name}()`),
      `DROP FUNCTION IF EXISTS ${gate}(${typesOf(key)})`,
    ],
  };
}

/**
 * Waits for whoever writes the row of the old table, and keeps it. All may execute it: who uses the view is asked for that
 * right. What it takes is of the key's types, and nothing else is done with the owner's rights.
 */
function gateFunction(name: string, path: string, sql: MovedSql): string {
  const parameters = typesOf(sql.key);
  const body = ["BEGIN", `  ${lockOf(sql, (n) => `$${n + 1}`)}`, "  RETURN true;", "END"].join(
    "\n",
  );
  return `CREATE OR REPLACE FUNCTION ${name}(${parameters}) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = ${path} AS ${dollarQuoted(body)}`;
}

function typesOf(columns: readonly TypedColumn[]): string {
  return columns.map(({ type }) => type).join(", ");
}
