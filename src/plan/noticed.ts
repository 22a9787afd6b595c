import { diff, type Difference } from "../catalog/index.ts";
import type { NaiveStatement } from "./operations/operation.ts";

/**
 * True when a statement takes something away, refuses rows that were written before, gives rows another default, or
 * changes rows: what a release may notice, or an abort not take back, although the statement itself blocks nobody and
 * breaks no query. In which phase such a change belongs is an operation's to say.
 */
export async function isNoticed({
  statement,
  before,
  after,
  effect,
}: NaiveStatement): Promise<boolean> {
  return (
    makesTable(statement) ||
    changesRows(statement) ||
    effect.work.some(({ kind }) => kind === "row-change") ||
    (await diff(before, after, { notNullNames: true })).some(isNoticedDifference)
  );
}

/** Columns of another table may move to it. */
function makesTable({ node }: NaiveStatement["statement"]): boolean {
  return (
    "CreateStmt" in node ||
    ("CreateTableAsStmt" in node && node.CreateTableAsStmt.objtype === "OBJECT_TABLE")
  );
}

function changesRows({ node }: NaiveStatement["statement"]): boolean {
  return (
    "InsertStmt" in node || "UpdateStmt" in node || "DeleteStmt" in node || "MergeStmt" in node
  );
}

function isNoticedDifference(difference: Difference): boolean {
  const { kind } = difference;
  if (kind.startsWith("missing-")) return true;
  if (kind === "extra-constraint") return difference.after.enforced;
  if (kind === "extra-index") return difference.after.unique;
  if (kind === "extra-rule") return true;
  return noticedKinds.has(kind);
}

const noticedKinds: ReadonlySet<Difference["kind"]> = new Set([
  "column-default-changed",
  "column-nullability-changed",
  "column-type-changed",
  "composite-type-changed",
  "constraint-deferrability-changed",
  "not-null-name-changed",
  "partition-changed",
  "routine-arguments-changed",
  "routine-body-changed",
  "routine-properties-changed",
  "routine-security-changed",
  "rule-changed",
  "trigger-changed",
  "view-columns-changed",
  "view-definition-changed",
]);
