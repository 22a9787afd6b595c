import type { A_Expr, Node } from "@pgsql/types";
import { strings } from "../world/nodes.ts";
import type { AskingQuery, JoinedRow, Source } from "./asking.ts";
import { constantArray, constantOf } from "./constants.ts";
import { matchesLike } from "./like.ts";
import { isNamedOid, oidOf } from "./oid-of.ts";

/** A condition over the rows of system catalogs. */
export interface Condition {
  /** Sources whose columns it looks at. */
  readonly aliases: ReadonlySet<string>;
  /** Names of objects, of which every row has one when it holds. */
  readonly names: readonly string[];
  /** Columns and the constants of which each has one when it holds. */
  readonly equalities: readonly Equality[];
  /** Undefined where the world does not know the value of a column. */
  readonly holds: (row: JoinedRow) => boolean | undefined;
}

interface Equality {
  readonly alias: string;
  readonly column: string;
  readonly texts: readonly string[];
}

/** Columns that name one object, or the schema or table that it belongs to. */
const naming: ReadonlySet<string> = new Set([
  "conname",
  "connamespace",
  "conrelid",
  "constraint_name",
  "constraint_schema",
  "enumtypid",
  "event_object_schema",
  "event_object_table",
  "extname",
  "indexname",
  "matviewname",
  "attrelid",
  "nspname",
  "polname",
  "policyname",
  "polrelid",
  "proname",
  "pronamespace",
  "relname",
  "relnamespace",
  "schema_name",
  "schemaname",
  "sequence_name",
  "sequence_schema",
  "table_name",
  "table_schema",
  "tablename",
  "tgname",
  "trigger_name",
  "typname",
  "typnamespace",
  "viewname",
]);

type Operand =
  | { readonly kind: "constant"; readonly text: string | undefined; readonly name: string }
  | { readonly kind: "column"; readonly alias: string; readonly column: string };

/** Undefined for a condition that a world cannot tell. */
export function readCondition(asking: AskingQuery, node: Node): Condition | undefined {
  if ("BoolExpr" in node) {
    const parts = (node.BoolExpr.args ?? []).map((part) => readCondition(asking, part));
    return parts.includes(undefined)
      ? undefined
      : combine(node.BoolExpr.boolop ?? "AND_EXPR", parts as Condition[]);
  }
  if ("A_Expr" in node) return compare(asking, node.A_Expr);
  const operand = operandOf(asking, node);
  return operand && relateOne(operand, (text) => text === "true");
}

function combine(operator: string, parts: readonly Condition[]): Condition {
  const aliases = new Set(parts.flatMap((part) => [...part.aliases]));
  if (operator === "NOT_EXPR")
    return { aliases, names: [], equalities: [], holds: (row) => not(parts[0]?.holds(row)) };
  if (operator === "OR_EXPR") {
    const names = parts.every((part) => part.names.length > 0)
      ? parts.flatMap((part) => part.names)
      : [];
    return { aliases, names, equalities: [], holds: (row) => decided(parts, row, true) };
  }
  return {
    aliases,
    names: parts.flatMap((part) => part.names),
    equalities: parts.flatMap((part) => part.equalities),
    holds: (row) => decided(parts, row, false),
  };
}

export function not(value: boolean | undefined): boolean | undefined {
  return value === undefined ? undefined : !value;
}

/** OR when `by` is true, AND when it is false. */
function decided(parts: readonly Condition[], row: JoinedRow, by: boolean): boolean | undefined {
  return oneDecides(
    parts.map((part) => part.holds(row)),
    by,
  );
}

export function oneDecides(
  values: readonly (boolean | undefined)[],
  by: boolean,
): boolean | undefined {
  if (values.includes(by)) return by;
  return values.includes(undefined) ? undefined : !by;
}

type Test = (left: string, right: string) => boolean;

/** Operators of single values; numbers are compared as such. */
const operators: Readonly<Record<string, Test>> = {
  "=": (left, right) => left === right,
  "<>": (left, right) => left !== right,
  "~~": matchesLike,
  "!~~": (left, right) => !matchesLike(left, right),
  ">": (left, right) => Number(left) > Number(right),
  ">=": (left, right) => Number(left) >= Number(right),
};

function compare(asking: AskingQuery, { kind, name, lexpr, rexpr }: A_Expr): Condition | undefined {
  const left = operandOf(asking, lexpr);
  if (left === undefined) return undefined;
  const operator = strings(name).at(-1) ?? "";
  if (kind === "AEXPR_IN" || kind === "AEXPR_OP_ANY") return among(asking, left, operator, rexpr);
  const right = operandOf(asking, rexpr);
  const test = operators[operator];
  if (right === undefined || test === undefined) return undefined;
  if (kind !== "AEXPR_OP" && kind !== "AEXPR_LIKE") return undefined;
  const isOrder = operator.startsWith(">");
  if (isOrder && ![left, right].some((side) => side.kind === "column" && side.column === "attnum"))
    return undefined;
  const condition = relate([left, right], ([one, other]) => test(one, other));
  if (operator !== "=") return condition;
  return { ...condition, names: namesIn(left, right), equalities: equalitiesIn(left, right) };
}

/** `column IN ('a', 'b')` and `column = ANY (ARRAY['a', 'b'])`. */
function among(
  { bindings }: AskingQuery,
  left: Operand,
  operator: string,
  list: Node | undefined,
): Condition | undefined {
  const texts =
    list !== undefined && "List" in list
      ? constantArray({ A_ArrayExpr: { elements: list.List.items ?? [] } }, bindings)
      : constantArray(list, bindings);
  if (texts === undefined) return undefined;
  if (operator === "=") {
    const condition = relateOne(left, (text) => texts.includes(text));
    if (left.kind === "constant") return condition;
    const names = naming.has(left.column) ? texts : [];
    return { ...condition, names, equalities: [{ ...left, texts }] };
  }
  return operator === "<>" ? relateOne(left, (text) => !texts.includes(text)) : undefined;
}

function namesIn(left: Operand, right: Operand): readonly string[] {
  const [column, constant] = left.kind === "column" ? [left, right] : [right, left];
  if (column.kind !== "column" || constant.kind !== "constant") return [];
  return naming.has(column.column) ? [constant.name] : [];
}

function equalitiesIn(left: Operand, right: Operand): readonly Equality[] {
  const [column, constant] = left.kind === "column" ? [left, right] : [right, left];
  if (column.kind !== "column" || constant.kind !== "constant") return [];
  return constant.text === undefined ? [] : [{ ...column, texts: [constant.text] }];
}

function relateOne(operand: Operand, test: (text: string) => boolean): Condition {
  return relate([operand, operand], ([text]) => test(text));
}

/** A condition over the values of operands. */
function relate(
  operands: readonly [Operand, Operand],
  test: (texts: readonly [string, string]) => boolean,
): Condition {
  const aliases = new Set(
    operands.flatMap((operand) => (operand.kind === "column" ? [operand.alias] : [])),
  );
  return {
    aliases,
    names: [],
    equalities: [],
    holds: (row) => {
      const texts = operands.map((operand) =>
        operand.kind === "constant" ? operand.text : row.get(operand.alias)?.[operand.column],
      );
      return texts.includes(undefined) ? undefined : test(texts as [string, string]);
    },
  };
}

/** Types to which a name is cast without becoming another text. */
const textTypes: ReadonlySet<string> = new Set(["text", "varchar", "name"]);

export function operandOf(asking: AskingQuery, node: Node | undefined): Operand | undefined {
  if (node === undefined) return undefined;
  const column = columnIn(asking.sources, node);
  if (column !== undefined) return column;
  if ("TypeCast" in node) {
    const type = strings(node.TypeCast.typeName?.names).at(-1) ?? "";
    const operand = operandOf(asking, node.TypeCast.arg);
    if (operand === undefined) return undefined;
    if (operand.kind === "column")
      return textTypes.has(type) && !isOid(operand.column) ? operand : undefined;
    if (!isNamedOid(type)) return operand;
    return { ...operand, text: oidOf(type, operand.name, asking) };
  }
  if ("SubLink" in node && node.SubLink.subLinkType === "EXPR_SUBLINK") {
    const query = node.SubLink.subselect;
    const text =
      query !== undefined && "SelectStmt" in query ? asking.valueOf(query.SelectStmt) : undefined;
    return text === undefined ? undefined : { kind: "constant", text, name: text };
  }
  if (isCurrentSchema(node)) {
    const schema = asking.searchPath.find((name) => asking.world.schemas.has(name));
    return schema === undefined ? undefined : { kind: "constant", text: schema, name: schema };
  }
  const text = constantOf(node, asking.bindings);
  return text === undefined ? undefined : { kind: "constant", text, name: text };
}

/** Columns whose values are oids: as a text they would be shown otherwise. */
function isOid(column: string): boolean {
  return column === "oid" || column.endsWith("relid") || column.endsWith("typid");
}

function columnIn(sources: readonly Source[], node: Node): Operand | undefined {
  if (!("ColumnRef" in node)) return undefined;
  const names = strings(node.ColumnRef.fields);
  const column = names.at(-1) ?? "";
  const qualifier = names.at(-2);
  const found = sources.filter(
    ({ alias, columns }) => columns.includes(column) && (qualifier ?? alias) === alias,
  );
  const [source, ...others] = found;
  if (source === undefined || others.length > 0) return undefined;
  return { kind: "column", alias: source.alias, column };
}

function isCurrentSchema(node: Node): boolean {
  if ("FuncCall" in node) return strings(node.FuncCall.funcname).at(-1) === "current_schema";
  return "SQLValueFunction" in node && node.SQLValueFunction.op === "SVFOP_CURRENT_SCHEMA";
}
