import type { Statement } from "../../sql/index.ts";
import type { Brakes } from "./brakes.ts";
import {
  commitsByItself,
  needsNoTransaction,
  serverFailure,
  type ServerFailure,
} from "./failure.ts";
import { observeInTransaction, type Observation, type Sessions } from "./observation.ts";
import { observeSelfCommitting } from "./self-committing.ts";
import { observeStepwise } from "./stepping.ts";
import { isLocalSetting, type Place } from "./transactions.ts";

/** What came of running a statement on its own: it was observed, or it failed. */
export interface Attempt {
  readonly observation?: Observation;
  readonly failure?: ServerFailure;
  /** Why it had to run without a transaction. */
  readonly refused?: ServerFailure;
}

/** Runs a statement in a transaction of its own, or without one when Postgres refuses it there, and keeps what it does. */
export async function attempt(
  sessions: Sessions,
  brakes: Brakes,
  statement: Statement,
  place: Place,
): Promise<Attempt> {
  const { worker } = sessions;
  let refused: ServerFailure | undefined;
  try {
    await worker.batch(opening(place).join("\n;\n"));
    const observation = await observeInTransaction(sessions, statement);
    await worker.batch("COMMIT");
    return { observation };
  } catch (error) {
    await worker.batch("ROLLBACK");
    refused = serverFailure(error);
  }
  if (!needsNoTransaction(refused)) return { failure: refused };
  try {
    const observation = commitsByItself(refused)
      ? await observeSelfCommitting(sessions, statement, opening(place).join("\n;\n"))
      : await observeStepwise(sessions, statement, await brakes.for(statement, sessions));
    return { refused, observation };
  } catch (error) {
    return { refused, failure: serverFailure(error) };
  }
}

/** What opens a transaction for a statement: the server's accounts of its work, and SET LOCAL as it was before. */
export function opening(place: Place): readonly string[] {
  return ["BEGIN", "SET LOCAL client_min_messages = debug1", ...localSettings(place)];
}

/** SET LOCAL and the like that come before a statement in its transaction. */
export function localSettings({ transaction, position }: Place): readonly string[] {
  return transaction.statements
    .slice(0, position)
    .filter(isLocalSetting)
    .map(({ sql }) => sql);
}
