import type { Catalog } from "../../catalog/index.ts";
import { stepName, type PlacedStep } from "./places.ts";
import type { Scenario } from "./scenario.ts";
import { fail, type Tally } from "./tally.ts";

/**
 * Triggers of the plan's own have to fire for whoever writes: what a subscription applies, and what is restored with
 * `session_replication_role = replica`, would be in one form only. No statement of a release shows it.
 *
 * @param found where both releases run
 */
export function proveOwnTriggers(
  found: Catalog,
  { old, new: release }: Scenario,
  place: PlacedStep | undefined,
  tally: Tally,
): void {
  const after = place === undefined ? "at the start" : `after ${stepName(place)}`;
  const ofReleases = new Set(
    [old.catalog, release.catalog].flatMap(({ triggers }) =>
      Object.values(triggers).map((trigger) => trigger.function),
    ),
  );
  for (const trigger of Object.values(found.triggers)) {
    const isOwn = !ofReleases.has(trigger.function) && found.tables[trigger.table] !== undefined;
    if (!isOwn || trigger.enabled === "always") continue;
    fail(tally, "data", place, {
      statement: trigger.definition,
      what: `${after}, trigger ${trigger.name} of ${trigger.table} does not fire for all writes`,
      expected: "a trigger that is enabled always",
      found: `it is enabled for ${trigger.enabled}`,
      why: "a subscription writes with session_replication_role = replica, so that its rows would be in one form only",
      next: "ALTER TABLE … ENABLE ALWAYS TRIGGER … in the transaction that makes it",
    });
  }
}
