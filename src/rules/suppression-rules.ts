import type { Finding } from "./finding.ts";
import type { Rule } from "./rule.ts";

interface Place {
  readonly file: string;
  readonly line: number;
}

export const suppressionWithoutReasonRule: Rule = {
  id: "suppression-without-reason",
  title: "A suppression says why",
  severity: "warning",
  kind: "hazard",
};

export const staleSuppressionRule: Rule = {
  id: "stale-suppression",
  title: "A suppression that suppresses nothing",
  severity: "warning",
  kind: "hazard",
};

/** The two rules about suppressions: they speak after all others, so they have no hooks. */
export const suppressionWithoutReason = {
  rule: suppressionWithoutReasonRule,
  because(place: Place, ignored: string): Finding {
    return {
      ...common(suppressionWithoutReasonRule, place),
      message: `this suppression of ${ignored} gives no reason, so it does nothing`,
      why: "who reads it later cannot tell whether it still holds",
      wayOut: { text: `Add the reason: \`-- lockstep: ignore ${ignored} because …\`.` },
    };
  },
};

export const staleSuppression = {
  rule: staleSuppressionRule,
  because(place: Place, ignored: string, fact: string): Finding {
    return {
      ...common(staleSuppressionRule, place),
      message: `this suppression of ${ignored} suppresses nothing: ${fact}`,
      why: "left in place it would silence a later finding that nobody has judged",
      wayOut: { text: "Take it out." },
    };
  },
};

function common(rule: Rule, { file, line }: Place) {
  return {
    rule: rule.id,
    severity: rule.severity,
    file,
    line,
    source: "the suppression itself",
    docs: `docs/rules/${rule.id}.md`,
  };
}
