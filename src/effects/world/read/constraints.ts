import type { WorldConstraint } from "../model.ts";
import type { ExpressionTexts } from "./expressions.ts";
import type { ConstraintRow } from "./queries.ts";
import type { ColumnNames } from "./relations.ts";

const actions = {
  a: "no-action",
  r: "restrict",
  c: "cascade",
  n: "set-null",
  d: "set-default",
} as const;

const keyed = { p: "primary-key", u: "unique", x: "exclusion" } as const;

/** A table's constraint from its row; undefined for a kind that is not modelled. */
export function constraintOf(
  row: ConstraintRow,
  nameOf: ColumnNames,
  texts: ExpressionTexts,
): WorldConstraint | undefined {
  const { name, valid, enforced, deferrable, inherited, local } = row;
  const base = { name, valid, enforced, deferrable, noInherit: row.no_inherit, inherited, local };
  const columns = (row.keys ?? []).flatMap((number) => nameOf(row.relation, number) ?? []);
  switch (row.kind) {
    case "c": {
      const [expression] = texts.expressions(row.expression);
      return expression === undefined ? undefined : { ...base, kind: "check", expression };
    }
    case "n":
      return { ...base, kind: "not-null", column: columns[0] ?? "" };
    case "p":
    case "u":
    case "x":
      return { ...base, kind: keyed[row.kind], columns, index: row.index };
    case "f":
      return {
        ...base,
        kind: "foreign-key",
        deferred: row.deferred,
        columns,
        references: {
          table: row.referenced,
          columns: (row.referenced_keys ?? []).flatMap(
            (number) => nameOf(row.referenced, number) ?? [],
          ),
        },
        onDelete: actions[row.on_delete as keyof typeof actions] ?? "no-action",
        onUpdate: actions[row.on_update as keyof typeof actions] ?? "no-action",
        onDeleteColumns: (row.on_delete_columns ?? []).flatMap(
          (number) => nameOf(row.relation, number) ?? [],
        ),
      };
    default:
      return undefined;
  }
}
