import type { Column } from "../../../catalog/index.ts";
import type { Row } from "../rows.ts";
import type { ReleaseStatement } from "./statements.ts";
import { columnList, type ReleaseTable } from "./tables.ts";

/**
 * `COPY … FROM STDIN` of rows, with the columns that the first of them has among `columns`; undefined when there is
 * nothing to name. Triggers, defaults and checks see its rows, rules do not (manual, COPY, Notes).
 */
export function copyFrom(
  { name, sql }: ReleaseTable,
  columns: readonly Column[],
  rows: readonly Row[],
): ReleaseStatement | undefined {
  const given = columns.filter((column) => rows[0]?.[column.name] !== undefined);
  if (given.length === 0) return undefined;
  const lines = rows.map((row) => given.map((column) => copyText(row[column.name])).join("\t"));
  return {
    on: name,
    sql: `COPY ${sql} (${columnList(given)}) FROM STDIN`,
    copied: `${lines.join("\n")}\n`,
    isCopy: true,
    prepared: null,
    values: [],
    isRefusedLater: false,
  };
}

/** `COPY … TO STDOUT` of all that the release reads; a partitioned table gives its rows to a query only. */
export function copyTo({ name, sql, columns, table }: ReleaseTable): ReleaseStatement | undefined {
  if (columns.length === 0) return undefined;
  const list = columnList(columns.filter(({ generated }) => generated === null));
  const isPlain = table.partitionKey === null && list !== "";
  const from = isPlain ? `${sql} (${list})` : `(SELECT ${columnList(columns)} FROM ${sql})`;
  return {
    on: name,
    sql: `COPY ${from} TO STDOUT`,
    isCopy: true,
    prepared: null,
    values: [],
    isRefusedLater: false,
  };
}

/** A value in text format (manual, COPY, Text Format). */
function copyText(value: string | null | undefined): string {
  if (value === null || value === undefined) return String.raw`\N`;
  return value.replaceAll(/[\\\n\r\t]/g, (character) => escapes[character]!);
}

const escapes: Readonly<Record<string, string>> = {
  "\\": String.raw`\\`,
  "\n": String.raw`\n`,
  "\r": String.raw`\r`,
  "\t": String.raw`\t`,
};
