import type { Rule, Verdict } from "./rule.ts";

export const failsAlways: Rule = {
  id: "fails-always",
  title: "Cannot succeed on this catalog and version",
  severity: "error",
  kind: "hazard",
  axis: "failures",
  supersedes: ["*"],
  statement(input): Iterable<Verdict> {
    const failure = input.effect.failures.find(({ when }) => when === "always");
    if (failure === undefined || input.session.failed) return [];
    const code = failure.sqlState === undefined ? "" : ` (SQLSTATE ${failure.sqlState})`;
    return [
      {
        at: input,
        message: `fails: ${failure.message}`,
        why: `Postgres ${input.context.major} refuses it${code} on the catalog that the statements before it leave`,
        wayOut: {
          text: "Correct the statement, or bring the catalog to what it expects in a migration before it.",
        },
      },
    ];
  },
};
