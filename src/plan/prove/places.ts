import type { PhaseName } from "../folder/write.ts";
import { fillSql } from "../folder/write.ts";
import type { Change, Plan, Step } from "../model.ts";
import type { StepPlace } from "./proof.ts";

/** A step with its place in the plan. */
export interface PlacedStep {
  readonly phase: PhaseName;
  /** 1 for the first of its phase. */
  readonly number: number;
  readonly step: Step;
}

/** All steps in the order in which they are carried out. */
export function placedSteps(plan: Plan): readonly PlacedStep[] {
  return (["expand", "backfill", "contract"] as const).flatMap((phase) =>
    plan[phase].map((step, n) => ({ phase, number: n + 1, step })),
  );
}

export function stepPlace({ phase, number, step: { title, at } }: PlacedStep): StepPlace {
  return { phase, number, title, ...(at === undefined ? {} : { at }) };
}

/** `expand 2`. */
export function stepName({ phase, number }: PlacedStep): string {
  return `${phase} ${number}`;
}

/** The way back from any point before the contract phase: all of it, however far the plan has come. */
export function wayBack({ expand, backfill }: Plan): readonly Change[] {
  return [...expand, ...backfill].toReversed().flatMap(({ undo }) => undo);
}

/** What a step runs, as one text. */
export function stepText(step: Step): string {
  return step.kind === "fill" ? fillSql(step) : changeText(step);
}

export function changeText(change: Change): string {
  return change.kind === "outside" ? change.statement : change.statements.join(";\n");
}
