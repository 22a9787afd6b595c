import { LockstepError } from "../errors/index.ts";
import { recordMigrationSql } from "../ledger/index.ts";
import type { Migration } from "../tools/index.ts";
import type { RunContext } from "./context.ts";
import type { Outstanding } from "./outstanding.ts";
import { examineAsRun, type StatementFinding } from "./examine-as-run.ts";
import { isNeutral } from "./postcondition/index.ts";
import { cutUnits } from "./units.ts";

/**
 * Makes both ledgers ready for the run and agree on the past: what the tool itself applied is adopted into ours; what
 * only ours knows is written into the tool's, when the catalog proves it.
 * @throws LockstepError `migration-unresolved` when it does not
 */
export async function reconcileLedgers(context: RunContext, todo: Outstanding): Promise<void> {
  const { native, worker, signature } = context;
  if (native === undefined) return;
  const { rows } = await worker.session.query<{ there: boolean }>(
    "SELECT pg_catalog.to_regclass(pg_catalog.format('%I.%I', $1::text, $2::text)) IS NOT NULL AS there",
    [native.schema, native.table],
  );
  if (rows[0]?.there !== true) await worker.batch(native.createSql);
  const adopt = todo.adopt.map((migration) =>
    recordMigrationSql(signature, { ...migration, how: "adopted" }),
  );
  for (const migration of todo.unlisted) await requireProof(context, migration);
  const relist = todo.unlisted.flatMap((migration) => native.recordSql(migration, "marked"));
  if (adopt.length + relist.length > 0)
    await worker.batch(["BEGIN", ...adopt, ...relist, "COMMIT"].join("\n;\n"));
  for (const { id } of todo.unlisted)
    context.emit({
      type: "notice",
      severity: "warning",
      message: `"${id}" was missing in ${native.schema}.${native.table} although it is applied, as the catalog shows: its row was put back`,
    });
}

async function requireProof(context: RunContext, migration: Migration): Promise<void> {
  const { native, worker } = context;
  const units = await cutUnits(migration);
  const findings: StatementFinding[] = [];
  for (const unit of units) findings.push(...(await examineAsRun(worker.session, unit)));
  const failing = findings.flatMap(([, finding]) => finding.failing);
  const isShown = ([statement, { remained }]: StatementFinding) =>
    remained === "everything" || isNeutral(statement);
  if (findings.every(isShown)) return;
  throw new LockstepError("migration-unresolved", {
    what: `the two ledgers disagree on "${migration.id}"`,
    expected: `a row for it in ${native!.schema}.${native!.table}, as in lockstep.migration`,
    found:
      failing.length > 0
        ? `no row, and not in the catalog: ${failing.join("; ")}`
        : "no row, and an effect that the catalog does not show whole",
    from: migration.file,
    why: "somebody deleted the row to have the migration run again, or restored one of the two tables",
    next: [
      `when it is applied: lockstep resolve ${migration.id} --as applied`,
      `when it is not: lockstep resolve ${migration.id} --as rolled-back, then lockstep migrate`,
    ],
  });
}
