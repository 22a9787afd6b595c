import type { AlterTableCmd, Constraint } from "@pgsql/types";

/** Kinds of subcommands in the order of Postgres' passes (tablecmds.c, AlterTablePass). */
const passes: readonly (readonly string[])[] = [
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

function rankOf({ subtype = "AT_AddColumn", def }: AlterTableCmd): number {
  if (subtype === "AT_AddConstraint" && def !== undefined && "Constraint" in def)
    return passes.length + rankOfConstraint(def.Constraint);
  // A default is dropped before types change, and set after columns are added.
  if (subtype === "AT_ColumnDefault" && def === undefined) return 0;
  // The column may get its NOT NULL, or a key, in the same statement.
  if (subtype === "AT_AddIdentity") return last - 1;
  const rank = passes.findIndex((pass) => pass.includes(subtype));
  return rank === -1 ? last : rank;
}

/** Checks, then keys, then foreign keys, which may need the keys. */
function rankOfConstraint({ contype }: Constraint): number {
  if (contype === "CONSTR_FOREIGN") return 2;
  return contype === "CONSTR_CHECK" || contype === "CONSTR_NOTNULL" ? 0 : 1;
}
