import type { Contract } from "../contract/index.ts";
import { LockstepError } from "../errors/index.ts";
import { Session } from "../pg/index.ts";
import { catalogGate } from "./forecast.ts";

/**
 * Whether the releases that run still find what they expect in the database as it is now: looked up, not assumed. One
 * sentence a release.
 */
export async function standing(
  url: string,
  environment: string,
  running: readonly Contract[],
): Promise<readonly string[]> {
  if (running.length === 0)
    return ["which release runs is not known: none has registered and no deploy was verified yet"];
  try {
    await using session = await Session.open({ url, applicationName: "lockstep/deploy" });
    await session.query("SET lock_timeout = '5s'");
    const sentences: string[] = [];
    for (const contract of running) {
      const errors = (await catalogGate(contract, session, environment)).filter(
        ({ severity }) => severity === "error",
      );
      sentences.push(
        errors.length === 0
          ? `release ${contract.release} still fits the database as it is now`
          : `release ${contract.release} does NOT fit the database as it is now: ${errors.map(({ object, found }) => `${object}: ${found}`).join("; ")}`,
      );
    }
    return sentences;
  } catch (error) {
    return [
      `I do not know whether ${running.map(({ release }) => release).join(", ")} still fits: it could not be looked up (${(error as Error).message})`,
    ];
  }
}

/** A failure with the state that the deploy leaves added to its reasons. */
export function withState(failure: LockstepError, state: readonly string[]): LockstepError {
  const { explanation, code } = failure;
  const why = [explanation.why, ...state].filter((text) => text !== undefined).join("\n");
  return new LockstepError(code, { ...explanation, why }, { cause: failure.cause ?? failure });
}
