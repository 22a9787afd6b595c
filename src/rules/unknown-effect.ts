import type { Rule, Verdict } from "./rule.ts";
import { asksForTimeZone } from "./time-zone-question.ts";

export const unknownEffect: Rule = {
  id: "unknown-effect",
  title: "What it does is not known",
  severity: "warning",
  kind: "hazard",
  axis: "unknown",
  statement(input): Iterable<Verdict> {
    const [first, ...more] = input.effect.unknown;
    // blocking-rewrite says what hangs on the zone.
    if (first === undefined || input.session.failed || asksForTimeZone(input)) return [];
    return [
      {
        at: input,
        message: `what it does is not known: ${first}`,
        why: [
          "what is not known counts as unsafe: it may lock, rewrite or break anything",
          ...more,
        ].join("; "),
        wayOut: {
          text:
            input.source.kind === "predicted"
              ? "Check it without --static, so that it is run and watched on a scratch server, or give --base with the schema it needs. When you know that it is safe, say so with `-- lockstep: ignore unknown-effect because …`."
              : "Try it on a clone of production. When you know that it is safe, say so with `-- lockstep: ignore unknown-effect because …`.",
        },
      },
    ];
  },
};
