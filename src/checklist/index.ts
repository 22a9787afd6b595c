import { after, during } from "./after.ts";
import { before } from "./before.ts";
import type { Facts, Line } from "./model.ts";

export type { CodeFit, Facts, Line } from "./model.ts";

/**
 * The checklists that people tick before, in and after a deploy, answered by what can be looked at. What cannot be known is
 * never answered with yes.
 */
export function answerAll(facts: Facts): readonly Line[] {
  return [
    ...before.map((question): Line => ({ stage: "before", ...question(facts) })),
    ...during.map((question): Line => ({ stage: "deploy", ...question(facts) })),
    ...after.map((question): Line => ({ stage: "after", ...question(facts) })),
  ];
}
