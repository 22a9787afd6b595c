import { quoteIdent } from "../../sql/index.ts";

/** Lines of a function's body, further in. */
export function indent(depth: number, lines: readonly string[]): readonly string[] {
  return lines.map((line) => `${"  ".repeat(depth)}${line}`);
}

/** Whether a statement changes one of these columns of the row that it writes, by image. */
export function changed(columns: readonly string[]): string {
  const row = (alias: string) =>
    `ROW(${columns.map((name) => `${alias}.${quoteIdent(name)}`).join(", ")})::pg_catalog.record`;
  return `${row("NEW")} OPERATOR(pg_catalog.*<>) ${row("OLD")}`;
}
