import type { Node } from "@pgsql/types";
import type { Statement } from "../../sql/index.ts";

/**
 * What a statement is made of as far as its form goes: its kind, and the kinds of its parts. `AlterTableStmt TABLE
 * AddConstraint FOREIGN`; names, types and values are left out.
 */
export function partsOfForm({ kind, node }: Pick<Statement, "kind" | "node">): readonly string[] {
  if ("AlterTableStmt" in node) {
    const { objtype, cmds = [] } = node.AlterTableStmt;
    return cmds.map((cmd) => [kind, word(objtype), ...commandWords(cmd)].join(" "));
  }
  const body = Object.values(node)[0] as Readonly<Record<string, unknown>>;
  const words = [
    ...subjects.flatMap((field) => (typeof body[field] === "string" ? [word(body[field])] : [])),
    ...flags.flatMap((field) => (body[field] === true ? [field] : [])),
    ...(body["behavior"] === "DROP_CASCADE" ? ["CASCADE"] : []),
    ...(isConcurrent(body["params"]) ? ["concurrent"] : []),
  ];
  return [[kind, ...words].join(" ")];
}

/** Fields that say what kind of object or action a statement is about. */
const subjects = [
  "removeType",
  "renameType",
  "relationType",
  "objectType",
  "objtype",
  "kind",
  "subtype",
  "commandType",
] as const;

const flags = ["concurrent", "unique", "is_vacuumcmd", "is_from", "is_grant"] as const;

function commandWords(cmd: Node): readonly string[] {
  if (!("AlterTableCmd" in cmd)) return [];
  const { subtype, def } = cmd.AlterTableCmd;
  const type = def !== undefined && "Constraint" in def ? def.Constraint.contype : undefined;
  return [word(subtype), ...(type === undefined ? [] : [word(type)])];
}

/** `OBJECT_TABLE` is a table: what stands before the first underscore names the type of the field. */
function word(value: unknown): string {
  const text = String(value);
  return text.slice(text.indexOf("_") + 1);
}

function isConcurrent(params: unknown): boolean {
  return params !== undefined && JSON.stringify(params).includes('"concurrently"');
}
