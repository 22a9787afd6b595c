import type { Index, Table } from "../../catalog/index.ts";
import { loadedParser, quoteIdent } from "../../sql/index.ts";
import { madeName } from "../dual-writes/index.ts";
import { outside, type Step } from "../model.ts";

/**
 * Builds, without blocking, each index whose definition the naive statement changes: as Postgres itself prints it
 * afterwards, under a name of the plan's. They go with the column that they are on.
 */
export function carriedIndexes(before: Table, after: Table, plan: string): readonly Step[] {
  return after.indexes.flatMap((index) => {
    const was = before.indexes.find(({ name }) => name === index.name);
    if (was === undefined || was.definition === index.definition || isExclusion(after, index))
      return [];
    const title = `index ${quoteIdent(index.name)} for the new column`;
    return [outside(title, builtConcurrently(index, plan))];
  });
}

/** It cannot be built concurrently; the first column's own goes on refusing what conflicts. */
function isExclusion({ constraints }: Table, { constraint }: Index): boolean {
  return constraints.some(({ name, kind }) => name === constraint && kind === "exclusion");
}

/** `CREATE [UNIQUE] INDEX name ON …`, as ruleutils.c prints it, with another name and CONCURRENTLY. */
function builtConcurrently({ name, definition, unique }: Index, plan: string): string {
  const bytes = Buffer.from(definition, "utf8");
  const { tokens } = loadedParser().scanSync(definition);
  const on = tokens[unique ? 4 : 3]!;
  const rest = bytes.toString("utf8", on.start);
  return `CREATE ${unique ? "UNIQUE " : ""}INDEX CONCURRENTLY ${quoteIdent(madeName(name, plan))} ${rest}`;
}
