import { isLockstepError, LockstepError } from "../errors/index.ts";
import type { PlanFolder } from "../plan/index.ts";
import type { CarriedPhase } from "./parts.ts";

/**
 * A failure of the runner in the words of a plan: its steps are no migrations of a folder, so they are not resolved but
 * corrected and proven again, or taken back. Anything else is passed on.
 */
export function stepFailure(
  error: unknown,
  { path, plan }: PlanFolder,
  phase: CarriedPhase,
): unknown {
  if (!isLockstepError(error)) return error;
  const { next = [] } = error.explanation;
  if (!next.some((line) => line.includes("lockstep resolve"))) return error;
  const rest = next.filter((line) => !/lockstep resolve|^correct /.test(line));
  const isOpen = phase === "expand" || phase === "backfill";
  return new LockstepError(
    error.code,
    {
      ...error.explanation,
      next: [
        ...rest,
        ...(phase === "abort"
          ? [`mend what the step meets, then: lockstep rollback ${plan.id}`]
          : [
              "mend what the step meets (rows, a name that is taken), then run the same command again",
              `or correct the step, prove the plan again (lockstep plan --prove ${path}), then run the same command again`,
            ]),
        ...(isOpen ? [`or take the plan back: lockstep rollback ${plan.id}`] : []),
      ],
    },
    { cause: error },
  );
}
