import type { OperationInput, Refusal } from "../operation.ts";

/** Rows that a `DO` block, a procedure or a function in a `SELECT` changes: nothing takes them back. */
export function rowsByPrograms({ statement, effect, start }: OperationInput): Refusal | undefined {
  const { node } = statement;
  if (!("DoStmt" in node || "CallStmt" in node || "SelectStmt" in node)) return undefined;
  const changed = effect.work.flatMap((work) =>
    work.kind === "row-change" && work.relation in start.tables ? [work.relation] : [],
  );
  if (changed.length === 0) return undefined;
  const names = [...new Set(changed)].join(", ");
  return {
    title: `a program that changes rows of ${names}`,
    refused: {
      why: `it changes rows of ${names}, which an abort does not give back, and a plan that is begun anew after one would change them once more`,
      instead: [
        "as INSERT, UPDATE or DELETE, for which lockstep plan has a way where there is one",
        "in a migration of its own, without a plan: lockstep migrate runs it as it is",
      ],
    },
  };
}
