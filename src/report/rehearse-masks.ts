import type { Rehearsal, SanitisedRows } from "../rehearse/index.ts";
import { count } from "./style.ts";

type Column = SanitisedRows["columns"][number];

/** What of a copy of real rows is told of one way in which values came. */
export interface MaskLine {
  readonly how: string;
  readonly columns: string;
}

const ways: readonly (readonly [how: string, test: (column: Column) => boolean])[] = [
  ["kept by rule", ({ mask, by }) => mask === "keep" && by === "rule"],
  ["kept, numbered by the server", ({ mask, by }) => mask === "keep" && by === "numbered"],
  ["kept, values that the schema names", ({ mask, by }) => mask === "keep" && by === "named"],
  ["an expression of the config", ({ mask }) => mask === "sql"],
  ["one value of the config", ({ mask }) => mask === "value"],
  ["fakes of the same form", ({ mask }) => mask === "fake"],
  ["addresses of example.com", ({ mask }) => mask === "email"],
  ["masked", ({ mask }) => mask === "mask"],
  ["NULL by rule", ({ mask, by }) => mask === "null" && by === "rule"],
  ["NULL, no mask is known for the type", ({ mask, by }) => mask === "null" && by === "default"],
];

/**
 * Which columns came how into a copy of real rows; nothing where rows were made.
 * @param most tables that are named for each way; the others are counted
 */
export function masksOf({ source }: Rehearsal, most = Infinity): readonly MaskLine[] {
  if (source.sanitised === undefined) return [];
  const { columns } = source.sanitised;
  return ways.flatMap(([how, test]) => {
    const tables = new Map<string, string[]>();
    for (const each of columns)
      if (test(each)) {
        const names = tables.get(each.relation) ?? [];
        names.push(each.column);
        tables.set(each.relation, names);
      }
    if (tables.size === 0) return [];
    const named = [...tables].map(([table, names]) => `${table} (${names.join(", ")})`);
    const more = named.length - most;
    const shown = more > 0 ? [...named.slice(0, most), `and ${count(more, "table")} more`] : named;
    return [{ how, columns: shown.join(", ") }];
  });
}

/** What of the source is not in the copy. */
export function notCopiedOf({ source }: Rehearsal): readonly string[] {
  return source.sanitised?.leftOut ?? [];
}
