import type { Node } from "@pgsql/types";
import { byId, type Relation } from "../effects/index.ts";
import type { StatementInput } from "./rule.ts";
import { subjectOf } from "./subject.ts";

/**
 * True when all that is not known of a change of types is the session's TimeZone, which nobody set: `timestamp` and
 * `timestamptz` become each other without a rewrite where it is UTC (timestamp.c, TimestampTimestampTzRequiresRewrite).
 * What is observed knows its zone.
 */
export function asksForTimeZone(input: StatementInput): boolean {
  const { effect, source, session } = input;
  const { node } = input.statement;
  if (source.kind !== "predicted" || effect.unknown.length === 0) return false;
  if (!("AlterTableStmt" in node) || session.settings.has("timezone")) return false;
  const { relation: range, cmds = [] } = node.AlterTableStmt;
  const before = range === undefined ? undefined : subjectOf(input, range).relation;
  const after = before === undefined ? undefined : byId(input.after, before.id);
  if (before === undefined || after === undefined) return false;
  return (
    effect.unknown.length === cmds.length && cmds.every((cmd) => isBetweenTimes(cmd, before, after))
  );
}

const times: ReadonlySet<string> = new Set(["timestamp", "timestamptz"]);

function isBetweenTimes(cmd: Node, before: Relation, after: Relation): boolean {
  if (!("AlterTableCmd" in cmd)) return false;
  const { subtype, name, def } = cmd.AlterTableCmd;
  if (subtype !== "AT_AlterColumnType" || def === undefined || !("ColumnDef" in def)) return false;
  const [old, new_] = [before, after].map(({ columns }) =>
    columns.find((column) => column.name === name),
  );
  return (
    def.ColumnDef.raw_default === undefined &&
    times.has(old?.type.name ?? "") &&
    times.has(new_?.type.name ?? "")
  );
}
