import type { AlterTableCmd } from "@pgsql/types";
import { tablesOfType, type Relation } from "../../world/index.ts";
import type { EffectDraft } from "../draft.ts";
import { refuse, type Plan } from "./plan.ts";

const refusals: Readonly<Record<string, string>> = {
  AT_AddColumn: "cannot add column to typed table",
  AT_DropColumn: "cannot drop column from typed table",
  AT_AlterColumnType: "cannot alter column type of typed table",
};

/** Columns of a typed table are those of its type; NOT OF needs a typed table (tablecmds.c, ATPrepAddColumn and others). */
export function refuseTyped(plan: Plan, relation: Relation, { subtype }: AlterTableCmd): boolean {
  const isTyped = relation.ofType !== undefined;
  if (subtype === "AT_DropOf" && !isTyped)
    refuse(plan, "42809", `"${relation.name}" is not a typed table`);
  const refusal = refusals[subtype ?? ""];
  if (isTyped && refusal !== undefined) refuse(plan, "42809", refusal);
  return plan.draft.fails;
}

/** What an attribute's change does to the typed tables of its type: with CASCADE the same (ATTypedTableRecursion). */
export function changeTypedTables(
  plan: Plan,
  type: Relation,
  command: AlterTableCmd,
  step: (table: Relation) => void,
): void {
  if (refusals[command.subtype ?? ""] === undefined) return;
  for (const table of lockTypedTables(plan.draft, type, command.behavior)) step(table);
}

/** Typed tables of a type that is altered, locked; the failure is noted when it is altered without CASCADE. */
export function lockTypedTables(
  draft: EffectDraft,
  type: Relation,
  behavior: AlterTableCmd["behavior"],
): readonly Relation[] {
  const tables = tablesOfType(draft.world, type.id);
  if (tables.length > 0 && behavior !== "DROP_CASCADE") {
    draft.fail(
      "always",
      "2BP01",
      `cannot alter type "${type.name}" because it is the type of a typed table`,
    );
    return [];
  }
  for (const table of tables) draft.lock(table, "AccessExclusive", "other");
  return tables;
}
