import { qualifiedName, type Catalog, type QualifiedName } from "../../catalog/index.ts";
import type { Exemption, Plan } from "../model.ts";
import type { FailedStatement } from "./release/release.ts";
import { rootTable } from "./release/tables.ts";
import type { ServerFailure } from "./release/trial.ts";

/** True when a note says that the release finds the column with another type. */
export function isOtherTypeSaid({ exemptions }: Plan, column: QualifiedName): boolean {
  return exemptions.some(
    (one) => one.kind === "other-type" && `${one.relation}.${qualifiedName(one.column)}` === column,
  );
}

/** True when a note says that the release finds the sequence under this name later. */
export function isLateNameSaid({ exemptions }: Plan, sequence: QualifiedName): boolean {
  return exemptions.some((one) => one.kind === "late-name" && one.relation === sequence);
}

/**
 * True when a note says that statements of this kind fail in this way.
 *
 * @param catalog the release's
 * @param found what is there
 */
export function isFailureSaid(
  { exemptions }: Plan,
  failed: FailedStatement,
  catalog: Catalog,
  found: Pick<Catalog, "tables">,
): boolean {
  const kind = exemptionFor(failed, catalog);
  const { schema = "", table = "", constraint } = failed.failure;
  const broken = found.tables[qualifiedName(schema, table)]?.constraints.find(
    (one) => one.kind === "foreign-key" && one.name === constraint,
  );
  // By a row that goes along with the one that the statement is about.
  const referred =
    kind === "still-referenced" && broken?.kind === "foreign-key" ? broken.references.table : "";
  return exemptions.some(
    (one) =>
      one.kind === kind &&
      // A release sends its statements to the partitioned table.
      [one.relation, rootTable(catalog, one.relation)].some((name) =>
        [failed.statement.on, referred].includes(name),
      ),
  );
}

/** What would have to be said, by SQLSTATE (errcodes.txt). */
function exemptionFor(
  { statement: { isCopy, isRefusedLater, on }, failure, wasPrepared }: FailedStatement,
  { tables }: Catalog,
): Exemption["kind"] | undefined {
  const { code, constraint, message } = failure;
  // A bound has no name, and what stands for it is no check of the release's (ExecPartitionCheckEmitError).
  if (code === "23514" && tables[on]?.constraints.every(({ name }) => name !== constraint) === true)
    return "partition-bound";
  if (isCopy && code === "42809") return "no-copy";
  // By an index that the release did not know: with the row in it the migration as written would fail.
  if (code === "23505") return "refuses-duplicates";
  // RESTRICT has a code of its own from Postgres 18 on (ri_ReportViolation, ri_triggers.c).
  if ((code === "23503" || code === "23001") && !isRefusedLater) return "still-referenced";
  if (isRefusedLater && isOfValues(code)) return "refuses-values";
  // ON CONFLICT and RETURNING beside rules (analyze.c, rewriteHandler.c).
  if (!wasPrepared && code === "0A000") return "rule-stays";
  // What a release prepared by name before, and what is refused later, fails for its own reason.
  if (!wasPrepared) return undefined;
  // The parameter's type has gone meanwhile (lsyscache.c).
  if (code === "XX000" && message.startsWith("cache lookup failed for type"))
    return "prepared-parameters";
  return { "0A000": "prepared-statements", "42804": "prepared-parameters" }[code] as
    | Exemption["kind"]
    | undefined;
}

/** Data, integrity, and what routines raise. */
function isOfValues(code: string): boolean {
  return ["22", "23", "P0"].includes(code.slice(0, 2));
}

/**
 * True when NOT NULL, a check or a foreign key refused a row, and it is about nothing but columns of that release: such
 * rules wait for the contract phase. One about a new form refuses what has no such form.
 */
export function isOwnRule(
  { code, schema, table, column, constraint }: ServerFailure,
  release: Catalog,
  found: Pick<Catalog, "tables">,
): boolean {
  const name = qualifiedName(schema ?? "", table ?? "");
  const known = new Set(release.tables[name]?.columns.map((one) => one.name));
  if (code === "23502") return column !== undefined && known.has(column);
  if (code !== "23514" && code !== "23503") return false;
  const rule = found.tables[name]?.constraints.find((one) => one.name === constraint);
  return rule === undefined || rule.columns.every((one) => known.has(one));
}
