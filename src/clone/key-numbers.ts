import type { FillableColumn, Sizes } from "../effects/index.ts";
import type { Session } from "../pg/index.ts";
import { quoteIdent } from "../sql/index.ts";
import { columnShapes } from "./column-shapes.ts";
import type { CloneTable, Structure } from "./structure.ts";

/**
 * What the whole numbers of a table's keys go on after, by column: after those that are there, and with as many digits as the
 * source's.
 * @param rows that the table is to have
 */
export async function keyNumbers(
  session: Session,
  table: CloneTable,
  statistics: Sizes,
  rows: number,
): Promise<ReadonlyMap<string, bigint>> {
  const numbers = new Map<string, bigint>();
  const names = new Set(table.uniques.flatMap(({ columns }) => columns));
  const shapes = columnShapes(statistics, table.name);
  for (const column of table.columns) {
    const limit = wholeTypes[baseName(column)];
    if (!names.has(column.name) || limit === undefined) continue;
    let greatest = 0n;
    if (table.existing > 0) {
      const [[found]] = (await session.queryArrays(
        `SELECT coalesce(pg_catalog.max(${quoteIdent(column.name)}), 0)::text FROM ONLY ${table.sql}`,
      )) as [[string]];
      greatest = BigInt(found.split(".", 1)[0]!);
    }
    const digits = shapes.get(column.name)?.digits;
    const least = digits === undefined ? 0n : 10n ** BigInt(digits - 1);
    const isFree = least > greatest + BigInt(rows) && least + BigInt(rows) * 2n < limit;
    numbers.set(column.name, isFree ? least : greatest);
  }
  return numbers;
}

const wholeTypes: Readonly<Record<string, bigint>> = {
  int2: 32_767n,
  int4: 2_147_483_647n,
  int8: 9_223_372_036_854_775_807n,
  numeric: 10n ** 18n,
};

function baseName({ type }: FillableColumn): string {
  let base = type;
  while (base.kind === "domain") base = base.inner!;
  return base.isArray ? "" : base.name;
}

/** Sequences of columns go on after the rows. */
export async function setSequences(session: Session, { sequences }: Structure): Promise<void> {
  for (const { sequence, table, column } of sequences)
    await session.query(
      `SELECT pg_catalog.setval('${sequence.replaceAll("'", "''")}'::regclass, greatest) FROM (
         SELECT pg_catalog.max(${column})::bigint AS greatest FROM ${table}) AS m
        WHERE greatest BETWEEN 1 AND (SELECT seqmax FROM pg_catalog.pg_sequence
                                       WHERE seqrelid = '${sequence.replaceAll("'", "''")}'::regclass)`,
    );
}
