import { quoteIdent, quoteLiteral } from "../../sql/index.ts";
import type { SyncedColumn } from "./function-body.ts";

/**
 * What a row's own values can raise (errcodes.txt): cardinality, data, integrity, external routines, WITH CHECK OPTION,
 * and what routines raise. Anything else (a privilege, a lock) is no fault of the value and goes to who writes.
 */
const ofValues = [
  "cardinality_violation",
  "data_exception",
  "integrity_constraint_violation",
  "sql_routine_exception",
  "external_routine_exception",
  "with_check_option_violation",
  "plpgsql_error",
].join(" OR ");

/** Statements, and those that take their place where an expression in them refuses a value. */
export function unlessRefused(
  lines: readonly string[],
  refused: readonly string[],
): readonly string[] {
  return [
    "BEGIN",
    ...lines.map((line) => `  ${line}`),
    `EXCEPTION WHEN ${ofValues} THEN`,
    ...refused.map((line) => `  ${line}`),
    "END;",
  ];
}

/** Statements that compute a column, and NULL where its expression refuses. */
export function computed(
  column: Pick<SyncedColumn, "name" | "from">,
  row: string,
  from: string,
  refused: readonly string[] = [],
): readonly string[] {
  const target = `${row}.${quoteIdent(column.name)}`;
  return unlessRefused(
    [`${target} := ${column.from.over(from)};`],
    [`${target} := NULL;`, ...refused],
  );
}

/** The same in the row that is written, which keeps what was refused, and when, for as long as it is so. */
export function computedOrParked(column: SyncedColumn, parked: string): readonly string[] {
  const key = quoteLiteral(column.name);
  const note = `pg_catalog.jsonb_build_object(${key}, pg_catalog.jsonb_build_object('error', SQLERRM, 'sqlstate', SQLSTATE, 'at', pg_catalog.now()))`;
  return [
    ...unparked(column, parked),
    ...computed(column, "NEW", "NEW", [
      `NEW.${quoteIdent(parked)} := coalesce(NEW.${quoteIdent(parked)}, '{}') OPERATOR(pg_catalog.||) ${note};`,
    ]),
  ];
}

/** The row has a value for the column. */
export function unparked({ name }: SyncedColumn, parked: string): readonly string[] {
  const column = `NEW.${quoteIdent(parked)}`;
  return [
    `${column} := nullif(${column} OPERATOR(pg_catalog.-) ${quoteLiteral(name)}::text, '{}');`,
  ];
}
