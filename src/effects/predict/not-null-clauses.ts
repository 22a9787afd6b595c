import type { Constraint, Node } from "@pgsql/types";
import type { EffectDraft } from "./draft.ts";

/** Says that the NOT NULL of a new column contradicts itself, or is written as no version before 18 takes it. */
export function refuseNotNullClauses(
  draft: EffectDraft,
  column: string,
  constraints: readonly Constraint[],
): void {
  const clauses = constraints.filter(({ contype }) => contype === "CONSTR_NOTNULL");
  const isAlone = clauses.some((clause) => clause.is_no_inherit === true);
  if (!isAlone) return;
  const isShared =
    clauses.some((clause) => clause.is_no_inherit !== true) ||
    constraints.some(
      ({ contype }) => contype === "CONSTR_PRIMARY" || contype === "CONSTR_IDENTITY",
    );
  if (draft.world.major < 18)
    draft.fail("always", "42601", "NOT NULL … NO INHERIT exists since Postgres 18");
  else if (isShared)
    draft.fail(
      "always",
      "42601",
      `conflicting NO INHERIT declarations for not-null constraints on column "${column}"`,
    );
}

/** As a constraint of its own NOT NULL exists since 18. */
export function refuseTableNotNull(draft: EffectDraft, elements: readonly Node[]): void {
  const isWritten = elements.some(
    (node) => "Constraint" in node && node.Constraint.contype === "CONSTR_NOTNULL",
  );
  if (isWritten && draft.world.major < 18)
    draft.fail("always", "42601", "NOT NULL as a table constraint exists since Postgres 18");
}
