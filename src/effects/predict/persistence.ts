import type { Relation } from "../world/index.ts";

type Persistence = Relation["persistence"];

const lasting: readonly Persistence[] = ["permanent", "unlogged", "temporary"];

/** False when a table may not reference the other: one that lasts shorter, and a temporary one all but temporary ones. */
export function mayReference(own: Persistence, referenced: Persistence): boolean {
  if (own === "temporary") return referenced === "temporary";
  return lasting.indexOf(referenced) <= lasting.indexOf(own);
}
