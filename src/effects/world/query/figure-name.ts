import type { Node } from "@pgsql/types";
import { strings } from "../nodes.ts";

/**
 * The name that Postgres gives to an expression's result where none is written; undefined where it would be
 * `?column?` in a query and `expr` in an index (parse_target.c, FigureColnameInternal).
 */
export function figureName(node: Node | undefined): string | undefined {
  return figure(node)?.name;
}

/** A weak name is one that a cast's type may replace. */
interface Figured {
  readonly name: string;
  readonly weak: boolean;
}

const strong = (name: string): Figured => ({ name, weak: false });

function figure(node: Node | undefined): Figured | undefined {
  if (node === undefined) return undefined;
  if ("ColumnRef" in node) {
    const name = strings(node.ColumnRef.fields).at(-1);
    return name === undefined ? undefined : strong(name);
  }
  if ("A_Indirection" in node) {
    const field = strings(node.A_Indirection.indirection).at(-1);
    return field === undefined ? figure(node.A_Indirection.arg) : strong(field);
  }
  if ("FuncCall" in node) {
    const name = strings(node.FuncCall.funcname).at(-1);
    return name === undefined ? undefined : strong(name);
  }
  if ("A_Expr" in node && node.A_Expr.kind === "AEXPR_NULLIF") return strong("nullif");
  if ("TypeCast" in node) {
    const inner = figure(node.TypeCast.arg);
    if (inner !== undefined && !inner.weak) return inner;
    const type = strings(node.TypeCast.typeName?.names).at(-1);
    return type === undefined ? inner : { name: type, weak: true };
  }
  if ("CollateClause" in node) return figure(node.CollateClause.arg);
  if ("GroupingFunc" in node) return strong("grouping");
  if ("MergeSupportFunc" in node) return strong("merge_action");
  if ("SubLink" in node) return figureSubquery(node.SubLink);
  if ("CaseExpr" in node) {
    const inner = figure(node.CaseExpr.defresult);
    return inner !== undefined && !inner.weak ? inner : { name: "case", weak: true };
  }
  if ("A_ArrayExpr" in node) return strong("array");
  if ("RowExpr" in node) return strong("row");
  if ("CoalesceExpr" in node) return strong("coalesce");
  if ("MinMaxExpr" in node)
    return strong(node.MinMaxExpr.op === "IS_GREATEST" ? "greatest" : "least");
  if ("SQLValueFunction" in node) return figureValueFunction(node.SQLValueFunction.op);
  if ("XmlExpr" in node) return figureXml(node.XmlExpr.op);
  if ("XmlSerialize" in node) return strong("xmlserialize");
  return figureJson(node);
}

function figureSubquery(link: Extract<Node, { SubLink: unknown }>["SubLink"]): Figured | undefined {
  if (link.subLinkType === "EXISTS_SUBLINK") return strong("exists");
  if (link.subLinkType === "ARRAY_SUBLINK") return strong("array");
  if (link.subLinkType !== "EXPR_SUBLINK") return undefined;
  const query = link.subselect;
  if (query === undefined || !("SelectStmt" in query)) return undefined;
  const first = query.SelectStmt.targetList?.[0];
  if (first === undefined || !("ResTarget" in first)) return undefined;
  return first.ResTarget.name === undefined
    ? figure(first.ResTarget.val)
    : strong(first.ResTarget.name);
}

function figureValueFunction(op: string | undefined): Figured | undefined {
  if (op === undefined) return undefined;
  const name = op.slice("SVFOP_".length).toLowerCase();
  return strong(name.endsWith("_n") ? name.slice(0, -2) : name);
}

function figureXml(op = ""): Figured | undefined {
  switch (op) {
    case "IS_XMLCONCAT":
    case "IS_XMLELEMENT":
    case "IS_XMLFOREST":
    case "IS_XMLPARSE":
    case "IS_XMLPI":
    case "IS_XMLROOT":
      return strong(op.slice("IS_".length).toLowerCase());
    default:
      return undefined;
  }
}

function figureJson(node: Node): Figured | undefined {
  if ("JsonParseExpr" in node) return strong("json");
  if ("JsonScalarExpr" in node) return strong("json_scalar");
  if ("JsonSerializeExpr" in node) return strong("json_serialize");
  if ("JsonObjectConstructor" in node) return strong("json_object");
  if ("JsonArrayConstructor" in node || "JsonArrayQueryConstructor" in node)
    return strong("json_array");
  if ("JsonObjectAgg" in node) return strong("json_objectagg");
  if ("JsonArrayAgg" in node) return strong("json_arrayagg");
  if ("JsonFuncExpr" in node) {
    const op = node.JsonFuncExpr.op;
    return op === undefined ? undefined : strong(op.slice(0, -"_OP".length).toLowerCase());
  }
  return undefined;
}
