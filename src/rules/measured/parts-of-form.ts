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
  let form = kind;
  for (const field of subjects)
    if (typeof body[field] === "string") form += ` ${word(body[field])}`;
  for (const field of flags) if (body[field] === true) form += ` ${field}`;
  if (body["behavior"] === "DROP_CASCADE") form += " CASCADE";
  if (isConcurrent(body["params"])) form += " concurrent";
  return [form];
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
