import type { Effect } from "../effect.ts";
import { emptiedAfter, noneEmptied, withoutEmptied } from "./emptied-tables.ts";
import { afterStatement, noLabels } from "./enum-labels.ts";
import type { PredictInput } from "./input.ts";
import { nonePending, pendingAfter, withPending } from "./pending-events.ts";
import { predict } from "./predict.ts";

/**
 * Predicts statements that are given in the order in which they run, each with the catalog before it. It remembers what
 * the catalog does not show: enum values that cannot be used before the transaction that added them commits, tables that
 * the transaction has emptied, and changed rows that are looked up at its end.
 */
export function startPredicting(): (input: Omit<PredictInput, "pendingLabels">) => Effect {
  let labels = noLabels;
  let emptied = noneEmptied;
  let pending = nonePending;
  let current: number | undefined;
  return (input) => {
    const { statement, world, existing, session } = input;
    const { inTransaction, transaction } = session;
    if (!inTransaction || labels.transaction !== transaction) labels = noLabels;
    const whole = { statement, world, existing, session, pendingLabels: labels.labels };
    labels = afterStatement(labels, whole);
    if (transaction !== current) [emptied, pending] = [noneEmptied, nonePending];
    current = transaction;
    const effect = withPending(withoutEmptied(predict(whole), emptied), pending, whole);
    pending = pendingAfter(pending, whole, effect);
    emptied = emptiedAfter(emptied, whole, effect);
    return effect;
  };
}
