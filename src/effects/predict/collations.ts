import type { World } from "../world/index.ts";

/**
 * True when a foreign key between columns of these collations is refused: since 18 both have to have one where either takes
 * different texts for equal (tablecmds.c, ATAddForeignKeyConstraint). Undefined is the collation of the type.
 */
export function collationsClash(
  { major, nondeterministicCollations: nondeterministic }: World,
  own: string | undefined,
  referenced: string | undefined,
): boolean {
  const isOne = (name: string | undefined) => name !== undefined && nondeterministic.has(name);
  return major >= 18 && own !== referenced && (isOne(own) || isOne(referenced));
}
