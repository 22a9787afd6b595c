import type { Effect } from "../../../../src/effects/effect.ts";
import { predict } from "../../../../src/effects/predict/predict.ts";
import { toFacts, type Facts } from "../../matrix/support-facts.ts";
import type { Form } from "../../matrix/support.ts";
import { idsOf, worldBefore } from "./world-before.ts";

/** The effect that is predicted of a form's statement, from parse trees only. */
export async function predicted(form: Form, major: number): Promise<Effect> {
  const { world, session } = await worldBefore(form, major);
  return predict({ statement: form.statement, world, existing: idsOf(world), session });
}

/** What a prediction and a measurement say that can be compared. */
interface Comparison {
  readonly prediction: unknown;
  readonly measurement: unknown;
}

/**
 * Sides by side: locks, work and how the statement fails for certain. A statement that failed has shown nothing else.
 * Rows may fail it in more ways than the generated ones did: ways that were seen must be foreseen.
 */
export function compare(effect: Effect, measurement: Facts): Comparison {
  const { locks, work, fails } = toFacts(effect);
  const seen = measurement.fails.filter((fail) => !isCertain(fail, fails));
  const certain = fails.filter((fail) => fail.startsWith("always"));
  const foreseen = seen.filter((fail) => fails.includes(fail));
  const showed = Object.keys(measurement.locks).length > 0 || measurement.fails.length === 0;
  const { unknown } = effect;
  const failing = measurement.fails.filter((fail) => isCertain(fail, fails)).map(asAlways);
  if (!showed)
    return {
      prediction: { certain, foreseen, unknown },
      measurement: { certain: failing, foreseen: seen, unknown: [] },
    };
  return {
    prediction: { locks, work, certain, foreseen, unknown },
    measurement: {
      locks: measurement.locks,
      work: measurement.work,
      certain: failing,
      foreseen: seen,
      unknown: [],
    },
  };
}

/** What was seen to fail fails always; a data exception in a definition looks to an observer like one in a row. */
function isCertain(seen: string, fails: readonly string[]): boolean {
  return (
    seen.startsWith("always") || (seen.startsWith("on-rows 22") && fails.includes(asAlways(seen)))
  );
}

function asAlways(fail: string): string {
  return fail.replace("on-rows", "always");
}
