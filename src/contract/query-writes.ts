import type { ParseNode } from "../sql/index.ts";
import type { Access } from "./contract.ts";

type Node = Readonly<Record<string, unknown>>;

/** What a part of a statement does to a table. */
export interface QueryWrite {
  /** As it is written; undefined when it is left away. */
  readonly schema: string | undefined;
  readonly table: string;
  readonly access: Exclude<Access, "select">;
  /** Columns that it names; a number for the first ones, which are meant where none is named; null for all. */
  readonly columns: readonly string[] | number | null;
  /** Of the columns, those that are given DEFAULT in every row. */
  readonly defaulted: readonly string[];
}

/** Everything that a statement's tree says of names. */
export interface QueryNames {
  readonly writes: readonly QueryWrite[];
  /** Tables that are named without a schema. */
  readonly unqualified: ReadonlySet<string>;
  /** Every word that may be a column's name. */
  readonly words: ReadonlySet<string>;
  /** All columns of something are meant: `*`, a row as a value, an INSERT without a list. */
  readonly isWide: boolean;
  readonly hasConflict: boolean;
  readonly hasReturning: boolean;
}

/** Reads a statement's parse tree; data-modifying parts of WITH included. */
export function namesIn(node: ParseNode): QueryNames {
  const writes: QueryWrite[] = [];
  const unqualified = new Set<string>();
  const words = new Set<string>();
  let isWide = false;
  let hasConflict = false;
  let hasReturning = false;
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) {
      for (const one of value as readonly unknown[]) visit(one);
      return;
    }
    if (typeof value !== "object" || value === null) return;
    for (const [name, inner] of Object.entries(value as Node)) {
      const one = inner as Node;
      if (name === "A_Star") isWide = true;
      if (name === "returningClause") hasReturning = true;
      if (name === "String" && typeof one["sval"] === "string") words.add(one["sval"]);
      if (name === "name" && typeof inner === "string") words.add(inner);
      if (name === "InsertStmt") {
        if (list(one["cols"]).length === 0) isWide = true;
        hasConflict ||= one["onConflictClause"] !== undefined;
      }
      if (name === "RangeVar" || name === "relation") {
        if (one["schemaname"] === undefined && typeof one["relname"] === "string")
          unqualified.add(one["relname"]);
      }
      writes.push(...(writers[name]?.(one) ?? []));
      visit(inner);
    }
  };
  visit(node);
  return { writes, unqualified, words, isWide, hasConflict, hasReturning };
}

const writers: Readonly<Record<string, (node: Node) => readonly QueryWrite[]>> = {
  InsertStmt: (node) => {
    const target = targetOf(node["relation"]);
    const select = (node["selectStmt"] as Node | undefined)?.["SelectStmt"] as Node | undefined;
    const rows = list(select?.["valuesLists"]).map((row) => list((row["List"] as Node)["items"]));
    const named = names(node["cols"]);
    const conflict = node["onConflictClause"] as Node | undefined;
    const updated = names(conflict?.["targetList"]);
    const counted = select === undefined ? 0 : rows.length > 0 ? rows[0]!.length : null;
    const isDefault = (at: number) =>
      rows.length > 0 && rows.every((row) => row[at] !== undefined && "SetToDefault" in row[at]);
    return [
      {
        ...target,
        access: "insert",
        columns: named.length > 0 ? named : counted,
        defaulted: named.filter((_, at) => isDefault(at)),
      },
      ...(conflict?.["action"] === "ONCONFLICT_UPDATE"
        ? [{ ...target, access: "update" as const, columns: updated, defaulted: [] }]
        : []),
    ];
  },
  UpdateStmt: (node) => [
    {
      ...targetOf(node["relation"]),
      access: "update",
      columns: names(node["targetList"]),
      defaulted: [],
    },
  ],
  DeleteStmt: (node) => [
    { ...targetOf(node["relation"]), access: "delete", columns: [], defaulted: [] },
  ],
  MergeStmt: (node) =>
    list(node["mergeWhenClauses"]).flatMap((clause): readonly QueryWrite[] => {
      const when = clause["MergeWhenClause"] as Node;
      const access = mergeAccess[String(when["commandType"])];
      if (access === undefined) return [];
      const columns = names(when["targetList"]);
      const isAll = access === "insert" && columns.length === 0;
      return [
        {
          ...targetOf(node["relation"]),
          access,
          columns: isAll ? list(when["values"]).length : columns,
          defaulted: [],
        },
      ];
    }),
};

const mergeAccess: Readonly<Record<string, QueryWrite["access"]>> = {
  CMD_INSERT: "insert",
  CMD_UPDATE: "update",
  CMD_DELETE: "delete",
};

function targetOf(relation: unknown): Pick<QueryWrite, "schema" | "table"> {
  const { schemaname, relname } = relation as Node;
  return {
    schema: typeof schemaname === "string" ? schemaname : undefined,
    table: String(relname),
  };
}

/** Names of the targets of INSERT and UPDATE: of `SET (a, b) = …` each. */
function names(targets: unknown): readonly string[] {
  return list(targets).flatMap((one) => {
    const name = (one["ResTarget"] as Node | undefined)?.["name"];
    return typeof name === "string" ? [name] : [];
  });
}

function list(value: unknown): readonly Node[] {
  return Array.isArray(value) ? (value as readonly Node[]) : [];
}
