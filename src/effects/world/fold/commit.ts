import type { TransactionStmt } from "@pgsql/types";
import { temporarySchema } from "../lookup.ts";
import type { World } from "../model.ts";
import { dropRelation } from "./drop-object.ts";
import type { FoldContext } from "./context.ts";

/** COMMIT: temporary tables that are ON COMMIT DROP go (tablecmds.c, PreCommit_on_commit_actions). */
export function commit({ world }: FoldContext, { kind }: TransactionStmt): void {
  if (kind === "TRANS_STMT_COMMIT") dropOnCommit(world);
}

/** What a commit drops. */
export function dropOnCommit(world: World): void {
  if (!world.schemas.has(temporarySchema)) return;
  for (const { id, onCommit } of Array.from(world.relations.values()))
    if (onCommit === "drop") dropRelation(world, id);
}
