import type { Catalog, Index, Table } from "../../catalog/index.ts";
import { madeName } from "../dual-writes/index.ts";
import type { Step } from "../model.ts";
import { buildSteps } from "../online/index-build.ts";

/**
 * Builds, without blocking, each index whose definition the naive statement changes: as Postgres itself prints it
 * afterwards, under a name of the plan's; that of a partitioned table by those of its partitions. They go with the
 * column that they are on.
 *
 * @param after the table as `catalog` has it
 */
export function carriedIndexes(
  before: Table,
  after: Table,
  catalog: Catalog,
  plan: string,
): readonly Step[] {
  return twinnedIndexes(before, after).flatMap((index) =>
    buildSteps({ catalog, table: after, index, nameOf: ({ name }) => madeName(name, plan) }),
  );
}

/** The indexes that `carriedIndexes` builds a second time. */
export function twinnedIndexes(before: Table, after: Table): readonly Index[] {
  return after.indexes.filter((index) => {
    const was = before.indexes.find(({ name }) => name === index.name);
    if (was === undefined || was.definition === index.definition) return false;
    // It cannot be built concurrently; the first column's own goes on refusing what conflicts.
    return !after.constraints.some(
      ({ name, kind }) => name === index.constraint && kind === "exclusion",
    );
  });
}
