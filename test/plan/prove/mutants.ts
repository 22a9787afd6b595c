import type { Change, Plan, Step } from "../../../src/plan/model.ts";

/** A plan with one thing wrong. */
export interface Mutant {
  readonly name: string;
  readonly plan: Plan;
}

const phases = ["expand", "backfill", "contract"] as const;

/** Every plan that differs from this one in one place: steps lost, swapped, joined, undone otherwise. */
export function mutantsOf(plan: Plan): readonly Mutant[] {
  return phases.flatMap((phase) =>
    plan[phase].flatMap((step, n) => {
      const at = `${phase} ${n + 1}`;
      const own: Mutant[] = [];
      const replace = (name: string, ...steps: readonly Step[]) =>
        own.push({
          name: `${at} ${name}`,
          plan: { ...plan, [phase]: plan[phase].toSpliced(n, 1, ...steps) },
        });
      replace("lost");
      for (const [which, undo] of withoutOne(step.undo).entries())
        replace(`without undo ${which + 1}`, { ...step, undo });
      if (step.kind === "transaction" && step.statements.length > 1)
        for (const [which, statements] of withoutOne(step.statements).entries())
          replace(`without statement ${which + 1}`, { ...step, statements });
      if (step.kind === "transaction" && step.statements.length > 1)
        replace("one by one", ...oneByOne(step));
      const blocking = withoutConcurrently(step);
      if (blocking !== undefined) replace("not concurrently", blocking);
      const next = plan[phase][n + 1];
      if (next !== undefined) {
        own.push({
          name: `${at} behind the next`,
          plan: { ...plan, [phase]: plan[phase].toSpliced(n, 2, next, step) },
        });
        const joined = join(step, next);
        if (joined !== undefined)
          own.push({
            name: `${at} in one transaction with the next`,
            plan: { ...plan, [phase]: plan[phase].toSpliced(n, 2, joined) },
          });
      }
      if (phase === "contract")
        own.push({
          name: `${at} before both releases run`,
          plan: {
            ...plan,
            backfill: [...plan.backfill, step],
            contract: plan.contract.toSpliced(n, 1),
          },
        });
      if (phase === "backfill" && n === 0)
        own.push({
          name: `${at} in the contract phase`,
          plan: { ...plan, backfill: plan.backfill.slice(1), contract: [step, ...plan.contract] },
        });
      return own;
    }),
  );
}

function withoutOne<T>(items: readonly T[]): readonly (readonly T[])[] {
  return items.map((_, n) => items.toSpliced(n, 1));
}

/** The undo stays with the first. */
function oneByOne(step: Extract<Step, { kind: "transaction" }>): readonly Step[] {
  return step.statements.map((statement, n) => ({
    ...step,
    statements: [statement],
    undo: n === 0 ? step.undo : [],
  }));
}

function withoutConcurrently(step: Step): Step | undefined {
  if (step.kind !== "outside" || !step.statement.includes(" CONCURRENTLY")) return undefined;
  const statements = [step.statement.replace(" CONCURRENTLY", "")];
  return { kind: "transaction", title: step.title, undo: step.undo, statements };
}

function join(step: Step, next: Step): Step | undefined {
  if (step.kind !== "transaction" || next.kind !== "transaction") return undefined;
  const undo: readonly Change[] = [...next.undo, ...step.undo];
  return { ...step, statements: [...step.statements, ...next.statements], undo };
}
