import type { Constraint } from "@pgsql/types";
import type { Relation, WorldConstraint } from "../../world/index.ts";
import { byId, childrenOf } from "../../world/index.ts";
import { strings } from "../../world/nodes.ts";
import { makeObjectName } from "../../world/fold/object-names.ts";
import { provesNotNull } from "../../world/proofs/implied-not-null.ts";
import { dropFromChildren } from "./inherited-constraints.ts";
import {
  changeOf,
  columnOf,
  descendantsOf,
  hasRows,
  lockDescendants,
  mayFail,
  refuse,
  replaceColumn,
  type Plan,
  type TableChange,
} from "./plan.ts";

type NotNull = Extract<WorldConstraint, { kind: "not-null" }>;

export function notNullOf(change: TableChange, column: string): NotNull | undefined {
  return change.constraints.find(
    (constraint): constraint is NotNull =>
      constraint.kind === "not-null" && constraint.column === column,
  );
}

/** SET NOT NULL on the table and on what inherits from it (tablecmds.c, ATExecSetNotNull). */
export function setNotNull(plan: Plan, relation: Relation, name: string, recurse: boolean): void {
  const change = changeOf(plan, relation);
  if (columnOf(plan, change, name) === undefined) return;
  const partitions =
    relation.kind === "partitioned table" && descendantsOf(plan.world, relation).length > 0;
  if (partitions && !recurse && !change.columns.some((c) => c.name === name && c.notNull)) {
    refuse(plan, "42P16", "constraint must be added to child tables too");
    return;
  }
  const isSet = isProvenAlready(change, name);
  // Children of a table that has it already have it too; before 18 that was sure of partitions only.
  const skips = isSet && (plan.major >= 18 || relation.kind === "partitioned table");
  const children = recurse && !skips ? lockDescendants(plan, relation) : [];
  for (const table of [relation, ...children]) makeNotNull(plan, changeOf(plan, table), name);
}

/** The column has a valid NOT NULL, so that no row needs to be looked at. */
function isProvenAlready(change: TableChange, name: string): boolean {
  const column = change.columns.find((candidate) => candidate.name === name);
  return column?.notNull === true && notNullOf(change, name)?.valid !== false;
}

/** Makes one table's column NOT NULL; its rows are looked at unless a valid constraint proves it. */
export function makeNotNull(plan: Plan, change: TableChange, name: string, written?: string): void {
  const column = change.columns.find((candidate) => candidate.name === name);
  if (column === undefined || isProvenAlready(change, name)) return;
  replaceColumn(change, { ...column, notNull: true });
  change.constraints = change.constraints.map((constraint) =>
    constraint.kind === "not-null" && constraint.column === name
      ? { ...constraint, valid: true }
      : constraint,
  );
  const { relation } = change;
  if (plan.major >= 18 && notNullOf(change, name) === undefined)
    change.constraints.push(
      newNotNull(name, written ?? makeObjectName(relation.name, name, "not_null")),
    );
  if (!hasRows(relation) || provesNotNull(change.constraints, name)) return;
  change.verify = true;
  mayFail(
    plan,
    "23502",
    `column "${name}" of relation "${relation.name}" contains null values`,
    relation,
  );
}

function newNotNull(column: string, name: string): NotNull {
  return {
    kind: "not-null",
    name,
    column,
    valid: true,
    enforced: true,
    deferrable: false,
    noInherit: false,
    inherited: false,
    local: true,
  };
}

/** DROP NOT NULL (tablecmds.c, ATExecDropNotNull). */
export function dropNotNull(plan: Plan, relation: Relation, name: string, recurse: boolean): void {
  const change = changeOf(plan, relation);
  const column = columnOf(plan, change, name);
  if (column === undefined) return;
  const isOnly = !recurse && childrenOf(plan.world, relation.id).length > 0;
  if (plan.major < 18 && isOnly && relation.kind === "partitioned table") {
    refuse(
      plan,
      "42P16",
      "cannot remove constraint from only the partitioned table when partitions exist",
    );
    return;
  }
  // Until 17 the subcommand was made for each child, whatever it has (ATSimpleRecursion).
  if (plan.major < 18 && recurse) lockDescendants(plan, relation);
  if (column.identity !== undefined) {
    refuse(plan, "42601", `column "${name}" of relation "${relation.name}" is an identity column`);
    return;
  }
  if (inPrimaryKey(change, name)) {
    refuse(plan, "42P16", `column "${name}" is in a primary key`);
    return;
  }
  if (!column.notNull) return;
  const parent = byId(plan.world, relation.partitionOf?.parent ?? 0);
  if (parent?.columns.some((other) => other.name === name && other.notNull)) {
    refuse(plan, "42P16", `column "${name}" is marked NOT NULL in parent table`);
    return;
  }
  const inherited = notNullOf(change, name);
  if (plan.major >= 18 && inherited?.inherited === true) {
    refuse(plan, "42P16", `cannot drop inherited constraint "${inherited.name}"`);
    return;
  }
  const heir = recurse ? descendantsOf(plan.world, relation) : [];
  const owner = heir.find(({ columns }) =>
    columns.some((own) => own.name === name && own.identity !== undefined),
  );
  if (plan.major >= 18 && owner !== undefined)
    refuse(plan, "55000", `column "${name}" of relation "${owner.name}" is an identity column`);
  replaceColumn(change, { ...column, notNull: false });
  // Since 18 the constraint is dropped as any other is.
  if (plan.major < 18 || inherited === undefined) return;
  change.constraints = change.constraints.filter((constraint) => constraint !== inherited);
  dropFromChildren(plan, relation, inherited, recurse);
}

export function inPrimaryKey(change: TableChange, column: string): boolean {
  return change.constraints.some(
    (constraint) => constraint.kind === "primary-key" && constraint.columns.includes(column),
  );
}

/** ADD [CONSTRAINT name] NOT NULL column, which is new in 18 (tablecmds.c, ATExecAddConstraint). */
export function addNotNull(
  plan: Plan,
  relation: Relation,
  constraint: Constraint,
  recurse: boolean,
): void {
  if (plan.major < 18) {
    refuse(plan, "42601", "NOT NULL as a table constraint exists since Postgres 18");
    return;
  }
  const change = changeOf(plan, relation);
  const [name = ""] = strings(constraint.keys);
  if (columnOf(plan, change, name) === undefined) return;
  const known = notNullOf(change, name);
  if (
    known !== undefined &&
    constraint.conname !== undefined &&
    known.name !== constraint.conname
  ) {
    refuse(
      plan,
      "55000",
      `cannot create not-null constraint "${constraint.conname}" on column "${name}" of table "${relation.name}"`,
    );
    return;
  }
  const { conname } = constraint;
  if (known === undefined && change.constraints.some((other) => other.name === conname)) {
    refuse(plan, "42710", `constraint "${conname}" for relation "${relation.name}" already exists`);
    return;
  }
  if (!recurse && descendantsOf(plan.world, relation).length > 0) {
    refuse(plan, "42P16", "constraint must be added to child tables too");
    return;
  }
  const children = recurse ? lockDescendants(plan, relation) : [];
  for (const table of [relation, ...children]) {
    const entry = changeOf(plan, table);
    if (constraint.skip_validation !== true) makeNotNull(plan, entry, name, constraint.conname);
    else if (notNullOf(entry, name) === undefined)
      entry.constraints.push({
        kind: "not-null",
        name: constraint.conname ?? "",
        column: name,
        valid: false,
        enforced: true,
        deferrable: false,
        noInherit: false,
        inherited: table !== relation,
        local: table === relation,
      });
  }
}
