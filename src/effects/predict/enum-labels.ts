import type { ColumnDef, Node, TypeName } from "@pgsql/types";
import type { QualifiedName } from "../../sql/index.ts";
import {
  findType,
  relationName,
  resolveType,
  walk,
  type Relation,
  type TypeUse,
  type WorldType,
} from "../world/index.ts";
import { dottedName, rangeName, strings } from "../world/nodes.ts";
import type { EffectDraft } from "./draft.ts";
import type { PendingLabel, PredictInput } from "./input.ts";
import { columnOf, literal } from "./query/conditions.ts";

/** What a transaction did to enum types so far. */
export interface LabelState {
  readonly transaction: number;
  /** Types that were made in it. */
  readonly types: ReadonlySet<QualifiedName>;
  readonly labels: readonly PendingLabel[];
}

export const noLabels: LabelState = { transaction: -1, types: new Set(), labels: [] };

/**
 * The state after a statement. A label added by ALTER TYPE … ADD VALUE cannot be used in the same transaction; since
 * Postgres 17 it can when the type itself is new in it (enum.c, check_safe_enum_use; measured).
 */
export function afterStatement(before: LabelState, input: PredictInput): LabelState {
  const { session, statement, world } = input;
  if (!session.inTransaction) return noLabels;
  const state =
    before.transaction === session.transaction
      ? before
      : { ...noLabels, transaction: session.transaction };
  const { node } = statement;
  if ("CreateEnumStmt" in node) {
    const name = dottedName(strings(node.CreateEnumStmt.typeName));
    const schema = name.schema ?? "public";
    return {
      ...state,
      types: new Set([...state.types, relationName({ schema, name: name.name })]),
    };
  }
  if (!("AlterEnumStmt" in node) || node.AlterEnumStmt.oldVal !== undefined) return state;
  const type = findType(world, dottedName(strings(node.AlterEnumStmt.typeName)));
  const label = node.AlterEnumStmt.newVal;
  if (type === undefined || label === undefined || type.labels.includes(label)) return state;
  const qualified = relationName(type);
  if (world.major >= 17 && state.types.has(qualified)) return state;
  return { ...state, labels: [...state.labels, { type: qualified, label }] };
}

/** False where there can be no constant of an enum type: no type, or no constant in the statement's text. */
export function mayHoldLabels({ world, statement: { sql } }: PredictInput): boolean {
  return world.types.size > 0 && (sql === "" || /['$]|\b(?:\d|true|false)/i.test(sql));
}

/** Notes the failure when a constant of an enum type is no label of it, or one that cannot be used yet. */
export function checkLabels(
  draft: EffectDraft,
  node: Node,
  pending: readonly PendingLabel[] = [],
): void {
  for (const { type, label } of labelsIn(draft, node)) {
    const isPending = pending.some(
      (item) => item.label === label && item.type === relationName(type),
    );
    if (isPending)
      draft.fail(
        "in-transaction",
        "55P04",
        `unsafe use of new value "${label}" of enum type ${type.name}`,
      );
    else if (type.labels.length > 0 && !type.labels.includes(label))
      draft.fail("always", "22P02", `invalid input value for enum ${type.name}: "${label}"`);
  }
}

interface UsedLabel {
  readonly type: WorldType;
  readonly label: string;
}

/** Constants that stand where an enum value is wanted: casts, VALUES, SET, comparisons with a column, defaults. */
function labelsIn(draft: EffectDraft, root: Node): readonly UsedLabel[] {
  const found: UsedLabel[] = [];
  // Types are looked up only where a constant stands.
  const use = (typeOf: () => TypeUse | undefined, value: Node | undefined) => {
    const label = isCast(value) ? undefined : literal(value);
    const named = label === undefined ? undefined : enumOf(draft, typeOf());
    if (named !== undefined) found.push({ type: named, label: label! });
  };
  let named: ReturnType<typeof tablesIn> | undefined;
  const tables = () => (named ??= tablesIn(draft, root));
  const columnType = (node: Node | undefined) => () => {
    const column = columnOf(node);
    const candidates = tables().filter(
      ({ alias }) => column?.qualifier === undefined || alias === column.qualifier,
    );
    const types = candidates.flatMap(
      ({ relation }) => relation.columns.find(({ name }) => name === column?.column)?.type ?? [],
    );
    return types.length === 1 ? types[0] : undefined;
  };
  const typeOf = (name: TypeName | undefined) => () =>
    resolveType(name, draft.world, draft.searchPath);
  const visit = (node: Node): boolean | void => {
    if ("TypeCast" in node && !isCast(node.TypeCast.arg))
      use(typeOf(node.TypeCast.typeName), node.TypeCast.arg);
    else if ("InsertStmt" in node) {
      const relation = draft.find(rangeName(node.InsertStmt.relation));
      const names = (node.InsertStmt.cols ?? []).flatMap((item) =>
        "ResTarget" in item ? (item.ResTarget.name ?? "") : [],
      );
      const columns = names.length > 0 ? names : (relation?.columns ?? []).map(({ name }) => name);
      for (const row of rowsOf(node.InsertStmt.selectStmt))
        for (const [at, value] of row.entries())
          use(() => relation?.columns.find(({ name }) => name === columns[at])?.type, value);
    } else if ("UpdateStmt" in node) {
      const relation = draft.find(rangeName(node.UpdateStmt.relation));
      for (const item of node.UpdateStmt.targetList ?? [])
        if ("ResTarget" in item)
          use(
            () => relation?.columns.find(({ name }) => name === item.ResTarget.name)?.type,
            item.ResTarget.val,
          );
    } else if ("A_Expr" in node) {
      const { lexpr, rexpr } = node.A_Expr;
      const values = rexpr !== undefined && "List" in rexpr ? (rexpr.List.items ?? []) : [rexpr];
      for (const value of values) use(columnType(lexpr), value);
      use(columnType(rexpr), lexpr);
    } else if ("ColumnDef" in node) {
      const { typeName, constraints, raw_default: using } = node.ColumnDef;
      use(typeOf(typeName), defaultOf(node.ColumnDef));
      walk([constraints, using], visit);
      return false;
    } else if ("RangeVar" in node || "String" in node) return false;
    else if ("AlterTableCmd" in node && node.AlterTableCmd.subtype === "AT_ColumnDefault") {
      const { name, def } = node.AlterTableCmd;
      for (const { relation } of tables())
        use(() => relation.columns.find((column) => column.name === name)?.type, def);
    }
  };
  walk(root, visit);
  return found;
}

function isCast(node: Node | undefined): boolean {
  return node !== undefined && "TypeCast" in node;
}

function enumOf(draft: EffectDraft, type: TypeUse | undefined): WorldType | undefined {
  if (type?.schema === undefined || type.array) return undefined;
  const found = findType(draft.world, { schema: type.schema, name: type.name });
  return found?.kind === "enum" ? found : undefined;
}

function rowsOf(source: Node | undefined): readonly (readonly Node[])[] {
  if (source === undefined || !("SelectStmt" in source)) return [];
  const { valuesLists, targetList = [], fromClause } = source.SelectStmt;
  if (valuesLists !== undefined)
    return valuesLists.map((row) => ("List" in row ? (row.List.items ?? []) : []));
  if (fromClause !== undefined) return [];
  return [
    targetList.flatMap((node) =>
      "ResTarget" in node && node.ResTarget.val !== undefined ? [node.ResTarget.val] : [],
    ),
  ];
}

function defaultOf({ constraints = [] }: ColumnDef): Node | undefined {
  for (const node of constraints)
    if ("Constraint" in node && node.Constraint.contype === "CONSTR_DEFAULT")
      return node.Constraint.raw_expr;
  return undefined;
}

/** Tables that a statement names anywhere, with the names by which columns may call them. */
function tablesIn(
  draft: EffectDraft,
  root: Node,
): readonly { readonly alias: string; readonly relation: Relation }[] {
  const found: { alias: string; relation: Relation }[] = [];
  const add = (range: Parameters<typeof rangeName>[0]) => {
    const relation = draft.find(rangeName(range));
    if (relation !== undefined)
      found.push({ alias: range?.alias?.aliasname ?? relation.name, relation });
  };
  walk(root, (node) => {
    if ("RangeVar" in node) add(node.RangeVar);
    else if ("UpdateStmt" in node) add(node.UpdateStmt.relation);
    else if ("DeleteStmt" in node) add(node.DeleteStmt.relation);
    else if ("InsertStmt" in node) add(node.InsertStmt.relation);
    else if ("MergeStmt" in node) add(node.MergeStmt.relation);
    else if ("AlterTableStmt" in node) add(node.AlterTableStmt.relation);
  });
  return found;
}
