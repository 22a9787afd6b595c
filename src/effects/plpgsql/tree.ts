/** A PL/pgSQL parse tree as libpg-query gives it: objects of one key, the node's type (pl_funcs.c, plpgsql.h). */
export type PlNode = Readonly<Record<string, PlBody>>;

/** The fields of a node that predictions look at; empty lists and NULL statements are left out by the parser. */
export interface PlBody {
  readonly lineno?: number;
  readonly body?: readonly PlNode[];
  readonly exceptions?: PlNode;
  readonly exc_list?: readonly PlNode[];
  readonly conditions?: readonly PlNode[];
  readonly condname?: string;
  readonly action?: readonly PlNode[] | PlNode;
  readonly cond?: PlNode;
  readonly then_body?: readonly PlNode[];
  readonly stmts?: readonly PlNode[];
  readonly elsif_list?: readonly PlNode[];
  readonly else_body?: readonly PlNode[];
  readonly else_stmts?: readonly PlNode[];
  readonly case_when_list?: readonly PlNode[];
  readonly sqlstmt?: PlNode;
  readonly query?: PlNode | string;
  readonly expr?: PlNode;
  readonly parseMode?: number;
  readonly elog_level?: number;
  readonly varno?: number;
  readonly curvar?: number;
  readonly refname?: string;
  readonly default_val?: PlNode;
  readonly cursor_explicit_expr?: PlNode;
  readonly dynquery?: PlNode;
  readonly datums?: readonly PlNode[];
  readonly is_exit?: boolean;
  readonly message?: string;
  readonly options?: readonly PlNode[];
  readonly opt_type?: number;
  readonly into?: boolean;
  readonly target?: PlNode | number;
  readonly var?: PlNode;
  readonly lower?: PlNode;
  readonly upper?: PlNode;
  readonly step?: PlNode;
  readonly reverse?: boolean | number;
  readonly dno?: number;
  readonly fieldname?: string;
  readonly recparentno?: number;
  readonly fields?: readonly { readonly name: string; readonly varno: number }[];
}

/** Type and fields of a node. */
export function partsOf(node: PlNode): { readonly type: string; readonly body: PlBody } {
  const [type = ""] = Object.keys(node);
  return { type, body: node[type] ?? {} };
}

/** The SQL text of an expression and how it is to be read (plpgsql.h, RawParseMode). */
export interface PlExpression {
  /** Stands for the expression wherever what was found out about it is kept. */
  readonly node: object;
  readonly text: string;
  readonly form: "statement" | "expression" | "assignment";
}

export function expressionOf(node: PlNode | string | undefined): PlExpression | undefined {
  if (node === undefined || typeof node === "string") return undefined;
  const expression = node["PLpgSQL_expr"];
  const { query, parseMode = 0 } = expression ?? {};
  if (expression === undefined || typeof query !== "string") return undefined;
  const form = parseMode === 0 ? "statement" : parseMode === 2 ? "expression" : "assignment";
  return { node: expression, text: query, form };
}

/** Every expression directly in the fields of a statement, not those of statements inside it. */
export function expressionsIn(body: PlBody): readonly PlExpression[] {
  return Object.values(body).flatMap((value: unknown) => {
    if (Array.isArray(value)) return value.flatMap((item) => asExpression(item));
    return asExpression(value);
  });
}

function asExpression(value: unknown): readonly PlExpression[] {
  const found = expressionOf(value as PlNode | undefined);
  return found === undefined ? [] : [found];
}
