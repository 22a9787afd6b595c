import type {
  Catalog,
  ForeignKeyAction,
  ForeignKeyConstraint,
  Table,
} from "../../../catalog/index.ts";
import { quoteIdent } from "../../../sql/index.ts";
import { treeOf } from "../../fillable.ts";
import { sqlName } from "../../lookup.ts";
import { transaction, type Step } from "../../model.ts";
import { keyOf, madeFor, type ColumnChange } from "./facts.ts";

/** A foreign key that has to do with the column, with the table that it is on. */
export interface Key {
  readonly table: Table;
  readonly constraint: ForeignKeyConstraint;
}

/** The keys that refer to the column; those of partitions follow from the partitioned table's. */
export function referrersOf(change: ColumnChange): readonly Key[] {
  const key = keyOf(change);
  return Object.values(change.before.tables).flatMap((table) =>
    table.constraints.flatMap((constraint) =>
      constraint.kind === "foreign-key" &&
      !constraint.inherited &&
      constraint.references.table === key &&
      constraint.references.columns.includes(change.column.name)
        ? [{ table, constraint }]
        : [],
    ),
  );
}

/** A second key for each, to the second form: a key of integer may refer to bigint (manual 5.5.5, pg_amop). */
export function referrerSteps(change: ColumnChange): readonly Step[] {
  return referrersOf(change).flatMap(({ table, constraint }) => {
    const name = madeFor(constraint.name, change);
    const { made } = change.shadow;
    const definition = definitionOf(constraint, change.before, {
      referenced: (column) => (column === change.column.name ? made : column),
    });
    return keySteps(table, name, definition, constraint);
  });
}

/** A second key for each that the column itself has. */
export function ownKeySteps(change: ColumnChange): readonly Step[] {
  return ownKeysOf(change).flatMap(({ table, constraint }) => {
    const { made } = change.shadow;
    const definition = definitionOf(constraint, change.before, {
      own: (column) => (column === change.column.name ? made : column),
    });
    return keySteps(table, madeFor(constraint.name, change), definition, constraint);
  });
}

export function ownKeysOf({ table, column }: ColumnChange): readonly Key[] {
  return table.constraints.flatMap((constraint) =>
    constraint.kind === "foreign-key" && constraint.columns.includes(column.name)
      ? [{ table, constraint }]
      : [],
  );
}

/**
 * All of them, each once. In the swap the first form's go: left on it, they would keep the keys that they refer to
 * from changing places in their turn.
 */
export function keysOf(change: ColumnChange): readonly Key[] {
  const referrers = referrersOf(change);
  const own = ownKeysOf(change).filter(
    ({ constraint }) => !referrers.some((one) => one.constraint === constraint),
  );
  return [...referrers, ...own];
}

/** What a key is called in the partitions of its table: `RENAME CONSTRAINT` does not reach them (rename_constraint_internal, tablecmds.c). */
export function inPartitions(
  { before }: ColumnChange,
  { table, constraint }: Key,
): readonly { readonly table: Table; readonly name: string }[] {
  const [, ...parts] = treeOf(before, table);
  const columns = constraint.columns.join();
  return parts.flatMap((part) => {
    const own = part.constraints.find(
      (one) =>
        one.kind === "foreign-key" &&
        one.inherited &&
        one.columns.join() === columns &&
        one.references.table === constraint.references.table,
    );
    return own === undefined ? [] : [{ table: part, name: own.name }];
  });
}

/** Its undo names the key: the column that it refers to cannot be dropped as long as it is there. */
function keySteps(
  table: Table,
  name: string,
  definition: string,
  { valid, enforced }: ForeignKeyConstraint,
): readonly Step[] {
  const [on, quoted] = [sqlName(table), quoteIdent(name)];
  const undo = [`ALTER TABLE ${on} DROP CONSTRAINT IF EXISTS ${quoted}`];
  const isValidated = valid && enforced;
  const late = enforced ? " NOT VALID" : "";
  const add = `ALTER TABLE ${on} ADD CONSTRAINT ${quoted} ${definition}${late}`;
  const first = transaction(`foreign key ${quoted} on ${on}, for new rows`, [add], undo);
  if (!isValidated) return [first];
  return [
    first,
    transaction(`foreign key ${quoted} on ${on}, for the rows that are there`, [
      `ALTER TABLE ${on} VALIDATE CONSTRAINT ${quoted}`,
    ]),
  ];
}

interface Renaming {
  readonly own?: (column: string) => string;
  readonly referenced?: (column: string) => string;
}

/** The key's definition, without NOT VALID (gram.y, `ConstraintElem`). */
export function definitionOf(
  key: ForeignKeyConstraint,
  { tables }: Catalog,
  renaming: Renaming = {},
): string {
  const { own = same, referenced = same } = renaming;
  const list = (columns: readonly string[], renamed: (column: string) => string) =>
    columns
      .map((column, at) => {
        const isPeriod = key.period && at === columns.length - 1;
        return `${isPeriod ? "PERIOD " : ""}${quoteIdent(renamed(column))}`;
      })
      .join(", ");
  const of = key.onDeleteColumns.map((column) => quoteIdent(own(column))).join(", ");
  return [
    `FOREIGN KEY (${list(key.columns, own)})`,
    `REFERENCES ${sqlName(tables[key.references.table]!)} (${list(key.references.columns, referenced)})`,
    ...(key.match === "simple" ? [] : [`MATCH ${key.match.toUpperCase()}`]),
    ...(key.onUpdate === "no-action" ? [] : [`ON UPDATE ${actions[key.onUpdate]}`]),
    ...(key.onDelete === "no-action"
      ? []
      : [`ON DELETE ${actions[key.onDelete]}${of === "" ? "" : ` (${of})`}`]),
    ...deferrableClause(key.deferrable),
    ...(key.enforced ? [] : ["NOT ENFORCED"]),
  ].join(" ");
}

export function deferrableClause(
  deferrable: ForeignKeyConstraint["deferrable"],
): readonly string[] {
  switch (deferrable) {
    case "no":
      return [];
    case "initially-immediate":
      return ["DEFERRABLE"];
    case "initially-deferred":
      return ["DEFERRABLE INITIALLY DEFERRED"];
  }
}

const same = (column: string) => column;

const actions: Readonly<Record<ForeignKeyAction, string>> = {
  "no-action": "NO ACTION",
  restrict: "RESTRICT",
  cascade: "CASCADE",
  "set-null": "SET NULL",
  "set-default": "SET DEFAULT",
};
