import { quoteIdent } from "../../sql/index.ts";
import type { RowExpression } from "./expression.ts";
import type { MovedColumn, TypedColumn } from "./moved.ts";

/** What the bodies of the functions are made of; names are quoted where they say so. */
export interface MovedSql {
  /** Quoted. */
  readonly oldTable: string;
  readonly newTable: string;
  readonly flag: string;
  /** Not quoted. */
  readonly key: readonly TypedColumn[];
  readonly columns: readonly (TypedColumn & { readonly nullable: boolean })[];
  readonly where: RowExpression;
}

/**
 * Flags of the new table: 0 and 1 in rows that the old release's table made, 2 and 3 in those that the new release
 * wrote, `going` in those that go because the old release's row no longer has one. A trigger that writes such a row
 * changes the last bit.
 */
const going = 4;

/** Takes the lock that all writers meet at. */
export function lockOf({ oldTable, key }: MovedSql, value: (n: number) => string): string {
  const is = key.map((one, n) => `t.${quoteIdent(one.from)} = ${value(n)}`).join(" AND ");
  return `PERFORM 1 FROM ONLY ${oldTable} AS t WHERE ${is} FOR NO KEY UPDATE;`;
}

/** Before a row of the new table is written: the lock, and who writes. */
export function beforeNewTable(sql: MovedSql): readonly string[] {
  const { flag, key } = sql;
  const lock = (row: string) => lockOf(sql, (n) => `${row}.${quoteIdent(key[n]!.to)}`);
  return [
    "BEGIN",
    "  IF TG_OP = 'INSERT' THEN",
    `    ${lock("NEW")}`,
    "    RETURN NEW;",
    "  END IF;",
    `  ${lock("OLD")}`,
    "  IF TG_OP = 'DELETE' THEN",
    "    RETURN OLD;",
    "  END IF;",
    `  IF ${differ(rowOf("NEW", key, "to"), rowOf("OLD", key, "to"))} THEN`,
    `    ${lock("NEW")}`,
    "  END IF;",
    `  IF NEW.${flag} = OLD.${flag} AND OLD.${flag} < 2 THEN`,
    `    NEW.${flag} := OLD.${flag} + 2;`,
    "  END IF;",
    "  RETURN NEW;",
    "END",
  ];
}

/** After the new release wrote the new table: the old release's columns. */
export function afterNewTable(sql: MovedSql): readonly string[] {
  const { oldTable, flag, key, columns } = sql;
  // By its last bit, so that the trigger of the old table knows who wrote; such a row is no longer to be copied.
  const marked = `${flag} = CASE t.${flag} WHEN 2 THEN 3 ELSE 2 END`;
  const write = (row: string, value: (column: (typeof columns)[number]) => string): string => {
    const set = columns.map((one) => `${quoteIdent(one.from)} = ${value(one)}`);
    const is = keyIs(key, "from", row, "to");
    const differs = differ(rowOf("t", columns, "from"), record(columns.map(value)));
    return `UPDATE ONLY ${oldTable} AS t SET ${[...set, marked].join(", ")} WHERE ${is} AND ${differs};`;
  };
  const empty = write("OLD", ({ type }) => `NULL::${type}`);
  const given = write("NEW", (one) => `NEW.${quoteIdent(one.to)}`);
  return [
    "#variable_conflict use_column",
    "BEGIN",
    "  IF TG_OP = 'DELETE' THEN",
    `    IF OLD.${flag} <> ${going} THEN`,
    `      ${empty}`,
    "    END IF;",
    "    RETURN NULL;",
    "  END IF;",
    "  IF TG_OP = 'INSERT' THEN",
    `    IF NEW.${flag} < 2 THEN`,
    "      RETURN NULL;",
    "    END IF;",
    `  ELSIF NEW.${flag} = ${going} OR NEW.${flag} <> OLD.${flag} AND NEW.${flag} / 2 = OLD.${flag} / 2 THEN`,
    "    RETURN NULL;",
    `  ELSIF ${differ(rowOf("NEW", key, "to"), rowOf("OLD", key, "to"))} THEN`,
    `    ${empty}`,
    "  END IF;",
    `  ${given}`,
    "  RETURN NULL;",
    "END",
  ];
}

/** After the old release's table was written, by whomever: the row of the new table. */
export function afterOldTable(sql: MovedSql): readonly string[] {
  const { newTable, flag, key, columns, where } = sql;
  const own = keyIs(key, "to", "NEW", "from");
  const other = `${flag} = t.${flag} # 1`;
  const set = [
    ...columns.map((one) => `${quoteIdent(one.to)} = NEW.${quoteIdent(one.from)}`),
    other,
  ].join(", ");
  const differs = differ(rowOf("t", columns, "to"), rowOf("NEW", columns, "from"));
  const update = `UPDATE ONLY ${newTable} AS t SET ${set} WHERE ${own} AND ${differs};`;
  const all = [...key, ...columns];
  const insert = `INSERT INTO ${newTable} (${[...all.map((one) => quoteIdent(one.to)), flag].join(", ")}) VALUES (${all.map((one) => `NEW.${quoteIdent(one.from)}`).join(", ")}, 0) ON CONFLICT DO NOTHING;`;
  const moved = key.map((one) => `${quoteIdent(one.to)} = NEW.${quoteIdent(one.from)}`).join(", ");
  // What the new release wrote stays, with no more in it than the old one left.
  const goes = [
    `t.${flag} < 2`,
    ...columns.flatMap((one) =>
      one.nullable ? [] : [`NEW.${quoteIdent(one.from)} IS NOT DISTINCT FROM NULL`],
    ),
  ].join(" OR ");
  return [
    "#variable_conflict use_column",
    "BEGIN",
    "  IF TG_OP = 'DELETE' THEN",
    `    DELETE FROM ONLY ${newTable} AS t WHERE ${keyIs(key, "to", "OLD", "from")};`,
    "    RETURN NULL;",
    "  END IF;",
    "  IF TG_OP = 'UPDATE' THEN",
    `    IF ${differ(rowOf("NEW", key, "from"), rowOf("OLD", key, "from"))} THEN`,
    `      UPDATE ONLY ${newTable} AS t SET ${moved}, ${other} WHERE ${keyIs(key, "to", "OLD", "from")};`,
    "    END IF;",
    `    IF NEW.${flag} > 1 AND NEW.${flag} <> OLD.${flag} THEN`,
    // What the table's own triggers made of it.
    `      ${update}`,
    "      RETURN NULL;",
    "    END IF;",
    `    IF NEW.${flag} = OLD.${flag} AND NOT ${differ(rowOf("NEW", columns, "from"), rowOf("OLD", columns, "from"))} THEN`,
    "      RETURN NULL;",
    "    END IF;",
    "  END IF;",
    `  IF ${where.over("NEW")} THEN`,
    `    ${update}`,
    "    IF NOT FOUND THEN",
    `      ${insert}`,
    "    END IF;",
    "  ELSE",
    `    UPDATE ONLY ${newTable} AS t SET ${flag} = ${going} WHERE ${own} AND (${goes});`,
    `    DELETE FROM ONLY ${newTable} AS t WHERE ${own} AND t.${flag} = ${going};`,
    `    ${update}`,
    "  END IF;",
    "  RETURN NULL;",
    "END",
  ];
}

/** Whether a row of the old table, `t`, and what the new one has of it do not belong together. */
export function apartFromNewTable(sql: MovedSql): readonly string[] {
  const { newTable, flag, key, columns, where } = sql;
  const is = key.map((one) => `n.${quoteIdent(one.to)} = t.${quoteIdent(one.from)}`).join(" AND ");
  return [
    "#variable_conflict use_column",
    "DECLARE",
    "  other record;",
    "BEGIN",
    `  IF t.${flag} = 0 THEN`,
    "    RETURN true;",
    "  END IF;",
    `  SELECT * INTO other FROM ONLY ${newTable} AS n WHERE ${is};`,
    "  IF FOUND THEN",
    `    RETURN ${differ(rowOf("t", columns, "from"), rowOf("other", columns, "to"))};`,
    "  END IF;",
    `  RETURN coalesce(${where.over("t")}, false);`,
    "END",
  ];
}

type Side = keyof MovedColumn;

function keyIs(key: readonly MovedColumn[], side: Side, row: string, other: Side): string {
  return key
    .map((one) => `t.${quoteIdent(one[side])} = ${row}.${quoteIdent(one[other])}`)
    .join(" AND ");
}

function rowOf(row: string, columns: readonly MovedColumn[], side: Side): string {
  return record(columns.map((one) => `${row}.${quoteIdent(one[side])}`));
}

function record(values: readonly string[]): string {
  return `ROW(${values.join(", ")})::pg_catalog.record`;
}

/** By image: what is equal is not the same for every type. */
function differ(one: string, other: string): string {
  return `(${one} OPERATOR(pg_catalog.*<>) ${other})`;
}
