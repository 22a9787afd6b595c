import { qualifiedName, type QualifiedName } from "../sql/index.ts";

/** Relations with columns, and where names without a schema are looked for. */
export class Tables {
  readonly #columns: ReadonlyMap<QualifiedName, readonly string[]>;
  readonly #path: readonly string[];

  /** @param columns by relation, in their order */
  constructor(columns: ReadonlyMap<QualifiedName, readonly string[]>, path: readonly string[]) {
    this.#columns = columns;
    this.#path = path;
  }

  /** Undefined for one that is not there. */
  find(schema: string | undefined, name: string): QualifiedName | undefined {
    const places = schema === undefined ? this.#path : [schema];
    return places.map((one) => qualifiedName(one, name)).find((one) => this.#columns.has(one));
  }

  columnsOf(relation: QualifiedName): readonly string[] {
    return this.#columns.get(relation) ?? [];
  }
}

/** What one name in FROM stands for. */
export interface Ranged {
  readonly alias: string;
  /** Undefined for what is no relation: a sub-select, a CTE, a function. */
  readonly relation: QualifiedName | undefined;
  /** Relation and column that are behind one of its columns; undefined for none, or where that is not known. */
  readonly columnOf: (name: string) => SourceColumn | undefined;
}

export type Scope = readonly Ranged[];

export interface SourceColumn {
  readonly relation: QualifiedName;
  readonly column: string;
}

type Node = Readonly<Record<string, unknown>>;

/** The names that a FROM clause makes; the first is the first that is written. */
export function scopeOf(from: unknown, ctes: ReadonlySet<string>, tables: Tables): Scope {
  if (Array.isArray(from))
    return (from as readonly unknown[]).flatMap((one) => scopeOf(one, ctes, tables));
  if (typeof from !== "object" || from === null) return [];
  return Object.entries(from as Node).flatMap(([kind, inner]) => {
    const node = inner as Node;
    if (kind === "JoinExpr") return scopeOf([node["larg"], node["rarg"]], ctes, tables);
    if (kind === "RangeVar") return [rangedTable(node, ctes, tables)];
    const alias = aliasOf(node);
    if (kind === "RangeSubselect") return [rangedSelect(alias, node, ctes, tables)];
    return [{ alias, relation: undefined, columnOf: nothing }];
  });
}

function rangedTable(node: Node, ctes: ReadonlySet<string>, tables: Tables): Ranged {
  const { schemaname, relname } = node as {
    readonly schemaname?: string;
    readonly relname: string;
  };
  const relation =
    schemaname === undefined && ctes.has(relname) ? undefined : tables.find(schemaname, relname);
  const columns = new Set(relation === undefined ? [] : tables.columnsOf(relation));
  return {
    alias: node["alias"] === undefined ? relname : aliasOf(node),
    relation,
    columnOf: (column) =>
      relation !== undefined && columns.has(column) ? { relation, column } : undefined,
  };
}

/** A sub-select gives the columns that it selects as they are. */
function rangedSelect(
  alias: string,
  { subquery }: Node,
  ctes: ReadonlySet<string>,
  tables: Tables,
): Ranged {
  const { fromClause, targetList } = (((subquery ?? {}) as Node)["SelectStmt"] ?? {}) as Node;
  const scope = scopeOf(fromClause, ctes, tables);
  const targets = ((targetList ?? []) as readonly Node[]).map((one) => one["ResTarget"] as Node);
  return {
    alias,
    relation: undefined,
    columnOf: (wanted) => {
      for (const { name, val } of targets) {
        const fields = fieldsOf(((val ?? {}) as Node)["ColumnRef"] as Node | undefined);
        if (fields === undefined || (name ?? fields.at(-1)) !== wanted) continue;
        return columnBehind(fields, [scope]);
      }
      return undefined;
    },
  };
}

function nothing(): undefined {
  return undefined;
}

function aliasOf({ alias }: Node): string {
  const { aliasname } = (alias ?? {}) as { readonly aliasname?: string };
  return aliasname ?? "";
}

/** The column behind an expression in which just one stands; undefined for none, for several, and where its table is not known. */
export function columnIn(node: unknown, scopes: readonly Scope[]): SourceColumn | undefined {
  const found = new Map<string, SourceColumn | undefined>();
  collect(node, (fields) => found.set(JSON.stringify(fields), columnBehind(fields, scopes)));
  return found.size === 1 ? [...found.values()][0] : undefined;
}

/** Columns of an expression; what a sub-select in it names is not the expression's, nor what is an argument beside other things. */
function collect(node: unknown, tell: (fields: readonly string[]) => void): void {
  if (Array.isArray(node)) {
    for (const one of node as readonly unknown[]) collect(one, tell);
    return;
  }
  if (typeof node !== "object" || node === null) return;
  for (const [kind, inner] of Object.entries(node as Node)) {
    if (kind === "SelectStmt") continue;
    const fields = kind === "ColumnRef" ? fieldsOf(inner as Node) : undefined;
    if (fields === undefined) collect(inner, tell);
    else tell(fields);
  }
}

/** Undefined where a star is among them. */
function fieldsOf(node: Node | undefined): readonly string[] | undefined {
  const fields = ((node?.["fields"] ?? []) as readonly Node[]).map(
    (one) => (one["String"] as Node | undefined)?.["sval"],
  );
  const isNamed = fields.length > 0 && fields.every((one) => typeof one === "string");
  return isNamed ? fields : undefined;
}

function columnBehind(
  fields: readonly string[],
  scopes: readonly Scope[],
): SourceColumn | undefined {
  const column = fields.at(-1)!;
  const alias = fields.at(-2);
  for (const scope of scopes.toReversed()) {
    if (alias !== undefined) {
      const own = scope.find((one) => one.alias === alias);
      if (own !== undefined) return own.columnOf(column);
      continue;
    }
    const found = scope.flatMap((one) => one.columnOf(column) ?? []);
    // Two with one name are joined by it: USING.
    if (found.length > 0) return found[0];
    if (scope.some(({ relation }) => relation === undefined)) return undefined;
  }
  return undefined;
}
