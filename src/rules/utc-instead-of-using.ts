import type { AlterTableCmd, Node } from "@pgsql/types";
import type { TypeUse } from "../effects/index.ts";
import type { WayOut } from "./finding.ts";
import { alterTableOf } from "./fix-alter-parts.ts";
import { sqlName } from "./sql-names.ts";
import type { StatementInput } from "./rule.ts";

/**
 * `USING at AT TIME ZONE 'UTC'` writes the table again; the plain change of type gives the same values where TimeZone is
 * UTC, and writes nothing (timestamp.c, TimestampTimestampTzRequiresRewrite; measured on 14 and 18). Undefined for other
 * changes.
 */
export function utcInsteadOfUsing(input: StatementInput): WayOut | undefined {
  const alter = alterTableOf(input);
  const [part, ...others] = alter?.parts ?? [];
  if (alter?.relation === undefined || part === undefined || others.length > 0) return undefined;
  const { name = "", def } = part.command;
  const old = alter.relation.columns.find((column) => column.name === name)?.type;
  const new_ = typeAfter(part.command);
  if (def === undefined || !("ColumnDef" in def) || old === undefined) return undefined;
  if (new_ === undefined || opposite[plainTime(old) ?? ""] !== new_) return undefined;
  if (!isAtUtc(def.ColumnDef.raw_default, name)) return undefined;
  const local = input.session.inTransaction ? "SET LOCAL" : "SET";
  return {
    text: "Leave USING out and set TimeZone to UTC before it: the values become the same, and nothing is rewritten.",
    code: `${local} TimeZone = 'UTC';\n${alter.head} ALTER COLUMN ${sqlName(name)} TYPE ${new_};`,
  };
}

const opposite: Readonly<Record<string, string>> = {
  timestamp: "timestamptz",
  timestamptz: "timestamp",
};

function plainTime({ schema, name, modifiers, array }: TypeUse): string | undefined {
  return schema === "pg_catalog" && modifiers.length === 0 && !array ? name : undefined;
}

function typeAfter({ subtype, def }: AlterTableCmd): string | undefined {
  if (subtype !== "AT_AlterColumnType" || def === undefined || !("ColumnDef" in def))
    return undefined;
  const { names = [], typmods = [], arrayBounds = [] } = def.ColumnDef.typeName ?? {};
  const last = names.at(-1);
  if (last === undefined || !("String" in last) || typmods.length + arrayBounds.length > 0)
    return undefined;
  return last.String.sval;
}

function isAtUtc(using: Node | undefined, column: string): boolean {
  if (using === undefined || !("FuncCall" in using)) return false;
  const { funcformat, args = [] } = using.FuncCall;
  const [zone, value] = args;
  if (funcformat !== "COERCE_SQL_SYNTAX" || zone === undefined || value === undefined) return false;
  if (!("A_Const" in zone) || !("ColumnRef" in value)) return false;
  const field = value.ColumnRef.fields?.at(-1);
  const isColumn = field !== undefined && "String" in field && field.String.sval === column;
  return isColumn && zone.A_Const.sval?.sval?.toUpperCase() === "UTC";
}
