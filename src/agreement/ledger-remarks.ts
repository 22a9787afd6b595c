import type { Origin } from "../contract/index.ts";
import type { DatabaseFacts } from "./cause-database.ts";
import type { LedgerRemark } from "./model.ts";

/**
 * What the ledger says that needs a word even where catalogs agree: edited files, names that the folder does not have, a
 * history that was squashed or renamed, and pending migrations whose effect is there already.
 *
 * @param agrees true when the database is what all migrations make
 */
export function ledgerRemarks(
  { status, environment, isRecorded }: DatabaseFacts,
  agrees: boolean,
  origins: ReadonlyMap<string, Origin>,
): readonly LedgerRemark[] {
  if (!isRecorded) return [];
  const of = (state: string) => status.migrations.filter((one) => one.state === state);
  const [unknown, pending] = [of("unknown"), of("pending")];
  const remarks: LedgerRemark[] = [];
  const names = (list: readonly { readonly id: string }[]) =>
    list.length === 1 ? list[0]!.id : `${list.length} (${list[0]!.id} … ${list.at(-1)!.id})`;
  if (agrees && unknown.length > 0 && pending.length > 0)
    remarks.push({
      migration: pending[0]!.id,
      cause: "squashed",
      severity: "warning",
      sentence: `The history was squashed or renamed: ${environment} has what all migrations make, but its ledger has ${names(unknown)} that the folder does not have, and not ${names(pending)}.`,
      next: ["lockstep baseline marks what is proven, after you have read what it found"],
    });
  else {
    const made = new Set([...origins.values()].map(({ migration }) => migration));
    const proven = agrees ? pending.filter(({ id }) => made.has(id)) : [];
    if (proven.length > 0)
      remarks.push({
        migration: proven[0]!.id,
        cause: "there-not-recorded",
        severity: "warning",
        sentence: `${environment} has already what ${names(proven)} would make, and its ledger does not say so: migrating would fail, or do it again.`,
        next: ["lockstep baseline"],
      });
    for (const { id } of unknown.slice(0, shown))
      remarks.push({
        migration: id,
        cause: "not-in-folder",
        severity: "warning",
        sentence: `${id} is applied in ${environment} and is not in the folder.`,
        next: ["bring the file back, or run from the branch that has it"],
      });
  }
  for (const { id, appliedAt } of of("edited").slice(0, shown))
    remarks.push({
      migration: id,
      cause: "edited-after-applied",
      severity: "warning",
      sentence: `${id} was edited after it was applied in ${environment}${appliedAt === undefined ? "" : ` (${appliedAt.toISOString().slice(0, 10)})`}.`,
      next: ["bring the file back to what was applied; write a new migration for the change"],
    });
  for (const { id, failure, unfinished } of [...of("failed"), ...of("partly-applied")])
    remarks.push({
      migration: id,
      cause: "failed-half-way",
      severity: "error",
      sentence: `${id} was begun in ${environment} and did not come to its end${reason(failure?.message ?? unfinished?.found)}.`,
      next: ["lockstep migrate", `or lockstep resolve ${id}`],
    });
  return remarks;
}

/** Remarks of one kind; a ledger of another folder would give hundreds. */
const shown = 5;

function reason(text: string | undefined): string {
  return text === undefined ? "" : `: ${text.split("\n", 1)[0]}`;
}
