import type { InferClause, OnConflictClause } from "@pgsql/types";
import { indexesOf, type Relation } from "../../world/index.ts";
import { reaches, type QueryContext } from "./context.ts";

/** ON CONFLICT with a target opens the unique indexes that may stand for it (plancat.c, infer_arbiter_indexes). */
export function lockArbiters(context: QueryContext, table: Relation, infer: InferClause): boolean {
  const { draft } = context;
  const constraint = infer.conname;
  if (constraint !== undefined && !table.constraints.some(({ name }) => name === constraint)) {
    draft.missing(`constraint "${constraint}" for table "${table.name}"`, "42704");
    return false;
  }
  const named = namesIn(infer);
  const fits = ({ index }: Relation) =>
    index?.unique === true &&
    index.columns.length === named.length &&
    index.columns.every((column) => named.includes(column));
  const plain = constraint === undefined && !named.includes(undefined);
  if (plain && !indexesOf(draft.world, table.id).some(fits)) {
    draft.fail(
      "always",
      "42P10",
      "there is no unique or exclusion constraint matching the ON CONFLICT specification",
    );
    return false;
  }
  if (reaches(context, "planned")) draft.lockIndexes(table, "RowExclusive");
  return true;
}

/**
 * A constraint that can be deferred cannot arbitrate (execIndexing.c, ExecCheckIndexConstraints): neither one that ON
 * CONFLICT means, nor, without a target, any. It is found out with the first row that comes so far.
 *
 * @param leaf where the rows go: the table itself, or a partition
 * @param certain a row does
 */
export function refuseDeferrableArbiters(
  { draft }: QueryContext,
  table: Relation,
  leaf: Relation,
  { infer }: OnConflictClause,
  certain: boolean,
): void {
  const arbitrates = (constraint: Relation["constraints"][number]) => {
    if (constraint.kind !== "primary-key" && constraint.kind !== "unique")
      return constraint.kind === "exclusion" && infer === undefined;
    if (infer === undefined || infer.conname !== undefined)
      return infer === undefined || infer.conname === constraint.name;
    const named = namesIn(infer);
    return (
      constraint.columns.length === named.length &&
      constraint.columns.every((column) => named.includes(column))
    );
  };
  const { constraints } = infer === undefined ? leaf : table;
  if (constraints.some((each) => each.deferrable && arbitrates(each)))
    draft.fail(
      certain ? "always" : "on-rows",
      "55000",
      "ON CONFLICT does not support deferrable unique constraints/exclusion constraints as arbiters",
      leaf,
    );
}

function namesIn({ indexElems }: InferClause): readonly (string | undefined)[] {
  return (indexElems ?? []).map((node) => ("IndexElem" in node ? node.IndexElem.name : undefined));
}
