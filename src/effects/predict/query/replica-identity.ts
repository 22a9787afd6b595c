import { byId, type Relation } from "../../world/index.ts";
import type { QueryContext } from "./context.ts";

/**
 * Rows of a published table are told apart by its replica identity: without one they can be neither updated nor deleted
 * (execReplication.c, CheckCmdReplicaIdentity). Whether the publication publishes that command is not known here.
 */
export function needIdentity(
  { draft }: QueryContext,
  table: Relation,
  command: "update" | "delete",
): void {
  if (table.persistence !== "permanent") return;
  // Since 18: generated columns are in the identity and not published.
  const isFull = table.replicaIdentity === "full" && draft.world.major >= 18;
  const isOdd = isFull && table.columns.some(({ generated }) => generated !== undefined);
  if (hasIdentity(table) && !isOdd) return;
  const publications = [...draft.world.publications.values()];
  const isPublished = publications.some(
    ({ allTables, schemas }) => allTables || schemas.includes(table.schema),
  );
  if (isPublished || isNamed(draft.world, table))
    draft.fail(
      "on-rows",
      isOdd ? "42P10" : "55000",
      `cannot ${command} table "${table.name}" because it does not have a replica identity and publishes ${command}s`,
      table,
    );
}

function hasIdentity({ replicaIdentity, constraints }: Relation): boolean {
  if (replicaIdentity === "nothing") return false;
  if (replicaIdentity !== "default") return true;
  return constraints.some(({ kind, deferrable }) => kind === "primary-key" && !deferrable);
}

/** A partition is published with what it is a partition of. */
function isNamed(world: QueryContext["draft"]["world"], table: Relation): boolean {
  const above = byId(world, table.partitionOf?.parent ?? 0);
  return table.publications.length > 0 || (above !== undefined && isNamed(world, above));
}
