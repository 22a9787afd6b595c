import type { AlterTableCmd, Constraint } from "@pgsql/types";

/** Kinds of subcommands in the order of Postgres' passes (tablecmds.c, AlterTablePass). */
const passes: readonly (readonly string[])[] = [
  // Not a pass: that the rows are to be written again for these is known since the first phase (ATPrepCmd).
  ["AT_SetLogged", "AT_SetUnLogged", "AT_SetAccessMethod"],
  ["AT_DropColumn", "AT_DropConstraint", "AT_DropNotNull", "AT_DropExpression", "AT_DropIdentity"],
  ["AT_AlterColumnType"],
  ["AT_AddColumn"],
  ["AT_SetExpression"],
  ["AT_SetNotNull", "AT_SetStatistics", "AT_SetStorage", "AT_SetCompression"],
  ["AT_AddConstraint", "AT_ColumnDefault"],
];

/** The subcommands of an `ALTER TABLE` in the order in which Postgres goes through them: by kind, then as written. */
export function inPasses<Item>(
  items: readonly Item[],
  command: (item: Item) => AlterTableCmd,
): readonly Item[] {
  const ranked = items.map((item) => ({ item, rank: rankOf(command(item)) }));
  return ranked.sort((a, b) => a.rank - b.rank).map(({ item }) => item);
}

const last = passes.length + 3;

/** Where a subcommand comes. */
export function rankOf({ subtype = "AT_AddColumn", def }: AlterTableCmd): number {
  if (subtype === "AT_AddConstraint" && def !== undefined && "Constraint" in def)
    return rankOfConstraint(def.Constraint);
  // A default is dropped before types change, and set after columns are added.
  if (subtype === "AT_ColumnDefault" && def === undefined)
    return rankOf({ subtype: "AT_DropColumn" });
  // The column may get its NOT NULL, or a key, in the same statement.
  if (subtype === "AT_AddIdentity") return last - 1;
  const rank = passes.findIndex((pass) => pass.includes(subtype));
  return rank === -1 ? last : rank;
}

/** NOT NULL, then keys, then checks and foreign keys, which may need the keys. */
export function rankOfConstraint({ contype }: Constraint): number {
  if (contype === "CONSTR_NOTNULL") return passes.length;
  return passes.length + (contype === "CONSTR_CHECK" || contype === "CONSTR_FOREIGN" ? 2 : 1);
}
