import { byId } from "../../effects/index.ts";
import type { StatementInput } from "../rule.ts";
import { sqlName, sqlRelation } from "../sql-names.ts";

/**
 * Foreign keys that CASCADE takes along while their tables stay: name and table, both as in SQL. Those of partitions go
 * with their parent's.
 */
export function foreignKeysGone({
  world,
  after,
  existing,
}: StatementInput): readonly (readonly [key: string, table: string])[] {
  return [...world.relations.values()].flatMap((before) => {
    const now = existing.has(before.id) ? byId(after, before.id) : undefined;
    if (now === undefined || now === before) return [];
    const left = new Set(now.constraints.map(({ name }) => name));
    return before.constraints.flatMap(({ kind, name, inherited }) =>
      kind === "foreign-key" && !inherited && !left.has(name)
        ? [[sqlName(name), sqlRelation(before)] as const]
        : [],
    );
  });
}
