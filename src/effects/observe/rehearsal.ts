import { localSettings } from "./attempt.ts";
import { serverFailure, type ServerFailure } from "./failure.ts";
import type { Sessions } from "./observation.ts";
import type { Place, Transaction } from "./transactions.ts";

/** How far a transaction was tried as a whole, and the statement that failed there. */
export interface Rehearsal {
  readonly transaction: Transaction;
  /** First position that was not tried. */
  readonly until: number;
  readonly failed: { readonly position: number; readonly failure: ServerFailure } | undefined;
}

/** Tries what is left of a transaction in one, from a statement on, and undoes it. */
export async function rehearse({ worker, limit }: Sessions, place: Place): Promise<Rehearsal> {
  const { transaction, position } = place;
  const { statements } = transaction;
  const before = ["BEGIN", ...localSettings(place)];
  const rest = statements.slice(position).map(({ sql }) => sql);
  try {
    // What is deferred to the COMMIT is checked before the transaction is undone.
    const all = [...before, ...rest, "SET CONSTRAINTS ALL IMMEDIATE"];
    await limit.hold(async () => worker.batch(all.join("\n;\n")), all.length);
    return { transaction, until: statements.length, failed: undefined };
  } catch (error) {
    const failure = serverFailure(error);
    const { completed } = error as { completed: number };
    const failing = Math.min(position + completed - before.length, statements.length - 1);
    return { transaction, until: failing + 1, failed: { position: failing, failure } };
  } finally {
    await worker.batch("ROLLBACK");
  }
}
