import type { AlterTableCmd, ColumnDef, Constraint, Node } from "@pgsql/types";
import type { Relation, TypeUse, WorldColumn } from "../../world/index.ts";
import { columnsIn, sameType, volatilityOf, walk } from "../../world/index.ts";
import { nextval } from "../../world/fold/define-column.ts";
import { strings } from "../../world/nodes.ts";
import { resolveType, serialTypes } from "../../world/type-use.ts";
import { isSequenceFunction, useSequence } from "../query/sequences.ts";
import { mostColumns, tooManyColumns } from "../column-limit.ts";
import { refuseNotNullClauses } from "../not-null-clauses.ts";
import { addCheck } from "./checks.ts";
import { domainMayRefuse } from "./domain-values.ts";
import { domainDefault, isConstrained } from "./conversion.ts";
import { addForeignKey } from "./foreign-keys.ts";
import { addKey } from "./keys.ts";
import { refuseIdentityOf } from "./identity.ts";
import { isNull } from "../../world/proofs/implied-not-null.ts";
import { refuseDefault, refuseLonger } from "./literals.ts";
import {
  changeOf,
  descendantsOf,
  hasRows,
  lockDescendants,
  mayFail,
  refuse,
  unsure,
  type Plan,
  type TableChange,
} from "./plan.ts";

/** Columns that every table has (pg_attribute with a number below 0). */
const systemColumns: ReadonlySet<string> = new Set([
  "tableoid",
  "xmin",
  "cmin",
  "xmax",
  "cmax",
  "ctid",
]);

/** What a column definition says, sorted. */
interface NewColumn {
  readonly name: string;
  readonly type: TypeUse;
  readonly collation: string | undefined;
  readonly constraints: readonly Constraint[];
  /** The default as written. */
  readonly default: Node | undefined;
  readonly isSerial: boolean;
  readonly identity: Constraint | undefined;
  readonly generated: Constraint | undefined;
  readonly notNull: boolean;
}

/** ADD COLUMN on the table and on what inherits from it (tablecmds.c, ATExecAddColumn). */
export function addColumn(
  plan: Plan,
  relation: Relation,
  command: AlterTableCmd,
  recurse: boolean,
): void {
  const { def } = command;
  if (def === undefined || !("ColumnDef" in def)) return;
  if (relation.partitionOf !== undefined) {
    refuse(plan, "42809", "cannot add column to a partition");
    return;
  }
  const change = changeOf(plan, relation);
  if (change.columns.some(({ name }) => name === def.ColumnDef.colname)) {
    const name = def.ColumnDef.colname ?? "";
    if (command.missing_ok !== true)
      refuse(plan, "42701", `column "${name}" of relation "${relation.name}" already exists`);
    return;
  }
  if (!recurse && descendantsOf(plan.world, relation).length > 0) {
    refuse(plan, "42P16", "column must be added to child tables too");
    return;
  }
  const children = lockDescendants(plan, relation);
  const column = readColumn(plan, relation, def.ColumnDef);
  if (column === undefined || refused(plan, relation, children, column)) return;
  for (const table of [relation, ...children]) addTo(plan, changeOf(plan, table), column);
  addConstraints(plan, change, column);
}

function readColumn(plan: Plan, relation: Relation, def: ColumnDef): NewColumn | undefined {
  const { world, searchPath } = plan;
  const type = resolveType(def.typeName, world, searchPath);
  if (type.schema === undefined) {
    plan.draft.missing(`type "${type.name}"`, "42704");
    if (plan.draft.fails) return undefined;
  }
  const constraints = (def.constraints ?? []).flatMap((node) =>
    "Constraint" in node ? [node.Constraint] : [],
  );
  const of = (contype: string) => constraints.find((constraint) => constraint.contype === contype);
  const written = strings(def.typeName?.names);
  const isSerial = written.length === 1 && Object.hasOwn(serialTypes, written[0] ?? "");
  const identity = of("CONSTR_IDENTITY");
  const notNull =
    isSerial ||
    identity !== undefined ||
    [of("CONSTR_NOTNULL"), of("CONSTR_PRIMARY")].some((constraint) => constraint !== undefined);
  return {
    name: def.colname ?? "",
    type,
    collation: strings(def.collClause?.collname).at(-1),
    constraints,
    default: of("CONSTR_DEFAULT")?.raw_expr,
    isSerial,
    identity,
    generated: of("CONSTR_GENERATED"),
    notNull,
  };
}

/** Definitions that Postgres does not take. */
function refused(
  plan: Plan,
  relation: Relation,
  children: readonly Relation[],
  column: NewColumn,
): boolean {
  const { draft, major } = plan;
  if (systemColumns.has(column.name))
    refuse(plan, "42701", `column name "${column.name}" conflicts with a system column name`);
  const tables = [relation, ...children].map((table) => changeOf(plan, table));
  if (tables.some(({ columns }) => columns.length >= mostColumns)) tooManyColumns(draft);
  refuseNotNullClauses(draft, column.name, column.constraints);
  if (column.generated?.generated_kind === "v" && major < 18)
    refuse(plan, "42601", "virtual generated columns exist since Postgres 18");
  if (column.identity !== undefined) refuseIdentityOf(plan, column.type);
  if (column.generated !== undefined) refuseGeneration(plan, relation, column);
  const recursesIdentity = children.length > 0 && column.identity !== undefined;
  if (recursesIdentity && (relation.kind !== "partitioned table" || major < 17))
    refuse(plan, "42P16", "cannot recursively add identity column to table that has child tables");
  if (column.default !== undefined) {
    if (columnsIn(column.default).length > 0)
      refuse(plan, "0A000", "cannot use column reference in DEFAULT expression");
    refuseDefault(plan, column, column.default);
  }
  return draft.fails;
}

/** What a generated column may not be, or be made of (catalog/heap.c, cookDefault; CheckAttributeType). */
function refuseGeneration(plan: Plan, relation: Relation, column: NewColumn): void {
  // Types were changed before.
  const { columns } = changeOf(plan, relation);
  const { generated, type, name } = column;
  const sources = columnsIn(generated?.raw_expr);
  const missing = sources.find(
    (source) => source !== "*" && columns.every((each) => each.name !== source),
  );
  if (missing !== undefined) plan.draft.missing(`column "${missing}"`, "42703");
  const source = columns.find((own) => sources.includes(own.name) && own.generated !== undefined);
  if (source !== undefined)
    refuse(plan, "42P17", `cannot use generated column "${source.name}" in generation expression`);
  if (generated?.generated_kind !== "v" || type.schema === undefined) return;
  const user = columns.find(
    (own) => sources.includes(own.name) && own.type.schema !== "pg_catalog",
  );
  if (user !== undefined) refuse(plan, "0A000", "generation expression uses user-defined type");
  if (type.schema !== "pg_catalog")
    refuse(plan, "0A000", `virtual generated column "${name}" cannot have a user-defined type`);
}

/** The column on one table: what its default asks of the rows. */
function addTo(plan: Plan, change: TableChange, column: NewColumn): void {
  const { relation } = change;
  const own = change.columns.find(({ name }) => name === column.name);
  if (own !== undefined) {
    refuseOther(plan, relation, own, column);
    return;
  }
  change.columns = [...change.columns, worldColumn(column)];
  change.added.add(column.name);
  if (!hasRows(relation)) return;
  const value = valueOf(plan, relation, column);
  if (value === "stored") refuseLonger(plan, column.type, column.default);
  if (value === "computed") {
    change.rewrite = true;
    lockSequences(plan, column.default);
  }
  if (isConstrained(plan.world, column.type)) domainMayRefuse(plan, relation, column.type);
  if (!column.notNull) return;
  // A stored default proves itself; everything else is looked at row by row.
  if (value !== "stored") change.verify = true;
  const isEmpty = column.default === undefined || isNull(column.default);
  const isFilled = column.isSerial || column.identity !== undefined || hasDefault(plan, column);
  if (value === "null" || column.generated !== undefined || (isEmpty && !isFilled))
    mayFail(plan, "23502", nullsIn(column.name, relation), relation);
}

/** A child that has the column already must have the same (tablecmds.c, ATExecAddColumn). */
function refuseOther(plan: Plan, child: Relation, own: WorldColumn, column: NewColumn): void {
  const isKnown = own.type.schema !== undefined && column.type.schema !== undefined;
  if (isKnown && !sameType(own.type, column.type))
    refuse(
      plan,
      "42804",
      `child table "${child.name}" has different type for column "${own.name}"`,
    );
  else if (column.collation !== own.collation)
    refuse(
      plan,
      "42P21",
      `child table "${child.name}" has different collation for column "${own.name}"`,
    );
}

/** Sequences from which the rows are given their values. */
function lockSequences({ draft }: Plan, expression: Node | undefined): void {
  walk(expression, (node) => {
    if (!("FuncCall" in node)) return;
    const name = strings(node.FuncCall.funcname).at(-1) ?? "";
    if (isSequenceFunction(name)) useSequence(draft, node.FuncCall);
  });
}

function nullsIn(column: string, { name }: Relation): string {
  return `column "${column}" of relation "${name}" contains null values`;
}

/**
 * Where the values of existing rows come from: `null` and `stored` (pg_attribute.attmissingval) leave the rows alone,
 * `virtual` too; `computed` writes them.
 */
function valueOf(
  plan: Plan,
  relation: Relation,
  column: NewColumn,
): "null" | "stored" | "virtual" | "computed" {
  const { world, searchPath } = plan;
  if (column.generated !== undefined)
    return column.generated.generated_kind === "v" ? "virtual" : "computed";
  if (column.identity !== undefined || column.isSerial) return "computed";
  // Even a null is computed, so that the domain can refuse it.
  if (isConstrained(world, column.type)) return "computed";
  if (isNull(column.default)) return "null";
  const expression = column.default ?? domainDefault(plan.world, column.type);
  if (expression === undefined) {
    if (column.type.schema === undefined)
      unsure(
        plan,
        relation,
        `type "${column.type.name}" is not known: were it a domain with constraints, "${relation.name}" would be rewritten`,
      );
    return "null";
  }
  const volatility = volatilityOf(expression, world, searchPath);
  if (volatility === "unknown")
    unsure(
      plan,
      relation,
      `the default of column "${column.name}" calls a function that is not known: were it volatile, "${relation.name}" would be rewritten`,
    );
  return volatility === "volatile" ? "computed" : "stored";
}

function hasDefault(plan: Plan, { default: expression, type }: NewColumn): boolean {
  return expression === undefined && domainDefault(plan.world, type) !== undefined;
}

function worldColumn(column: NewColumn): WorldColumn {
  const { name, type, generated } = column;
  const expression = column.isSerial ? nextval(`${name}_seq`) : column.default;
  return {
    number: 0,
    name,
    type,
    collation: column.collation,
    notNull: column.notNull,
    default: expression,
    identity: column.identity?.generated_when === "a" ? "always" : column.identity && "default",
    generated:
      generated?.raw_expr === undefined
        ? undefined
        : {
            kind: generated.generated_kind === "v" ? "virtual" : "stored",
            expression: generated.raw_expr,
          },
    inherited: false,
    local: true,
    grants: [],
    typeKnown: type.schema !== undefined,
  };
}

/** CHECK, UNIQUE, PRIMARY KEY and REFERENCES written after the type (parse_utilcmd.c, transformColumnDefinition). */
function addConstraints(plan: Plan, change: TableChange, column: NewColumn): void {
  const { relation } = change;
  const own: Node[] = [{ String: { sval: column.name } }];
  const isPrimary = column.constraints.some(({ contype }) => contype === "CONSTR_PRIMARY");
  for (const [at, written] of column.constraints.entries()) {
    const isEnforced = column.constraints[at + 1]?.contype !== "CONSTR_ATTR_NOT_ENFORCED";
    const constraint = { ...written, is_enforced: isEnforced };
    const { contype } = constraint;
    const later = (add: () => void) => plan.later.push({ constraint, add });
    if (contype === "CONSTR_CHECK") later(() => addCheck(plan, relation, constraint, true));
    // One index serves both (parse_utilcmd.c, transformIndexConstraints).
    else if (contype === "CONSTR_UNIQUE" && isPrimary) continue;
    else if (contype === "CONSTR_UNIQUE" || contype === "CONSTR_PRIMARY")
      later(() => addKey(plan, relation, { ...constraint, keys: own }, true));
    else if (contype === "CONSTR_FOREIGN") {
      // Without a written default, even DEFAULT NULL, all rows hold null, which needs no parent.
      const validate = column.default !== undefined || column.isSerial;
      later(() => addForeignKey(plan, relation, { ...constraint, fk_attrs: own }, true, validate));
    }
  }
}
