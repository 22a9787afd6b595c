import { rollback } from "../../phases/index.ts";
import type { Context } from "../context.ts";
import { carryRequest, type PhaseOptions } from "./migrate.ts";

/** `lockstep rollback PLAN`: takes a plan back whose contract phase has not begun. */
export async function rollbackCommand(
  plan: string,
  options: PhaseOptions,
  context: Context,
): Promise<number> {
  const { output, ...request } = await carryRequest(options, context);
  const result = await rollback({ ...request, plan, consent: options.consent, quietMs: 0 });
  output.result({ version: 1, environment: request.environment, ...result }, () =>
    [
      `plan ${plan} is taken back: the database is as it was before it, and its migration is pending again`,
      ...(result.evidence?.consent === undefined
        ? []
        : [`  at the word of ${result.evidence.consent.name}: ${result.evidence.consent.reason}`]),
    ].join("\n"),
  );
  return 0;
}
