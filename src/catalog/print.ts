import { quoteLiteral } from "../sql/index.ts";
import type { Options } from "./model.ts";
import type { Constraint, ForeignKeyConstraint, KeyConstraint } from "./model-constraints.ts";
import type { Index } from "./model-indexes.ts";
import { printRelation, type Relation } from "./read-relations.ts";
import type { ServerFacts } from "./read-server.ts";

/** Prints what `pg_get_indexdef` and `pg_get_constraintdef` would, from facts already read (ruleutils.c). */
type Print = (name: string) => string;

/** An index without expressions and without operator class parameters. */
export function printIndex(
  index: Omit<Index, "definition">,
  relation: Relation,
  facts: ServerFacts,
): string {
  const { print } = facts;
  const keys = index.keys.map((key) => {
    let text = print(key.column ?? "");
    if (key.collation !== null) text += ` COLLATE ${key.collation}`;
    if (!key.opclassIsDefault) text += ` ${key.opclass}`;
    return text + order(key.descending, key.nullsFirst);
  });
  const { include, options, predicate, nullsNotDistinct } = index;
  const head = `CREATE ${index.unique ? "UNIQUE " : ""}INDEX ${print(index.name)} ON `;
  const only = relation.row.kind === "p" ? "ONLY " : "";
  const using = ` USING ${print(index.method)} (${keys.join(", ")})`;
  const included = include.length === 0 ? "" : ` INCLUDE (${list(include, print)})`;
  const nulls = nullsNotDistinct ? " NULLS NOT DISTINCT" : "";
  const where = predicate === null ? "" : ` WHERE ${predicate}`;
  const table = only + printRelation(relation, facts);
  return head + table + using + included + nulls + printOptions(options, print) + where;
}

function printOptions(options: Options, print: Print): string {
  const printed = Object.entries(options).map(
    ([name, value]) => `${print(name)}=${print(value) === value ? value : quoteLiteral(value)}`,
  );
  return printed.length === 0 ? "" : ` WITH (${printed.join(", ")})`;
}

/** Only what differs from the default: nulls last ascending, nulls first descending. */
function order(descending: boolean, nullsFirst: boolean): string {
  if (descending) return nullsFirst ? " DESC" : " DESC NULLS LAST";
  return nullsFirst ? " NULLS FIRST" : "";
}

export function printKey(key: Omit<KeyConstraint, "definition">, print: Print): string {
  const head = key.kind === "primary-key" ? "PRIMARY KEY" : "UNIQUE";
  const nulls = key.nullsNotDistinct ? " NULLS NOT DISTINCT" : "";
  const overlaps = key.withoutOverlaps ? " WITHOUT OVERLAPS" : "";
  const include = key.include.length > 0 ? ` INCLUDE (${list(key.include, print)})` : "";
  return `${head}${nulls} (${list(key.columns, print)}${overlaps})${include}`;
}

const clauses = {
  "no-action": "",
  restrict: "RESTRICT",
  cascade: "CASCADE",
  "set-null": "SET NULL",
  "set-default": "SET DEFAULT",
} as const;

export function printForeignKey(
  key: Omit<ForeignKeyConstraint, "definition">,
  table: string,
  print: Print,
): string {
  const onUpdate = clauses[key.onUpdate];
  const onDelete = clauses[key.onDelete];
  return [
    `FOREIGN KEY (${period(key.columns, key.period, print)})`,
    ` REFERENCES ${table}(${period(key.references.columns, key.period, print)})`,
    key.match === "simple" ? "" : ` MATCH ${key.match.toUpperCase()}`,
    onUpdate === "" ? "" : ` ON UPDATE ${onUpdate}`,
    onDelete === "" ? "" : ` ON DELETE ${onDelete}`,
    key.onDeleteColumns.length > 0 ? ` (${list(key.onDeleteColumns, print)})` : "",
  ].join("");
}

/** The clauses every kind of constraint may end with. */
export function printState(state: Pick<Constraint, "deferrable" | "enforced" | "valid">): string {
  const deferrable = state.deferrable === "no" ? "" : " DEFERRABLE";
  const deferred = state.deferrable === "initially-deferred" ? " INITIALLY DEFERRED" : "";
  if (!state.enforced) return `${deferrable}${deferred} NOT ENFORCED`;
  return `${deferrable}${deferred}${state.valid ? "" : " NOT VALID"}`;
}

function period(columns: readonly string[], last: boolean, print: Print): string {
  if (!last) return list(columns, print);
  return columns
    .map((column, at) => (at === columns.length - 1 ? `PERIOD ${print(column)}` : print(column)))
    .join(", ");
}

function list(names: readonly string[], print: Print): string {
  return names.map(print).join(", ");
}
