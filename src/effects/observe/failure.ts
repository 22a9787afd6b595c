import { sqlState } from "../../pg/index.ts";
import { qualifiedName } from "../../sql/index.ts";
import type { Failure } from "../effect.ts";
import { wasEnded } from "./time-limit.ts";

/** An error of the server as far as failures are concerned; anything else is thrown on. */
export interface ServerFailure {
  readonly sqlState: string;
  readonly message: string;
  readonly schema: string | undefined;
  readonly table: string | undefined;
  /** True when it did not end by itself and was ended: nothing is known of it. */
  readonly wasEnded: boolean;
}

/** @throws the error itself when it did not come from the server, or says that the session is lost */
export function serverFailure(error: unknown): ServerFailure {
  const state = sqlState(error);
  // 08, 57P, 58, XX001 and XX002: the connection, the server's end, its machine, its files (but for 58P01, a file that a statement
  // names and the server does not have). XX000 is raised for statements
  // that nobody thought of (elog), and the session goes on.
  if (state === undefined || /^(?:08|57P|58(?!P01)|XX00[12])/.test(state)) throw error;
  const { message, schema, table } = error as { message: string; schema?: string; table?: string };
  return { sqlState: state, message, schema, table, wasEnded: wasEnded(error) };
}

/**
 * True for "data exception", "integrity constraint violation" and what a PL/pgSQL program raises by itself (RAISE, ASSERT,
 * INTO STRICT): other rows would not have failed.
 */
export function dependsOnRows({ sqlState: state }: ServerFailure): boolean {
  return ["22", "23", "P0"].some((kind) => state.startsWith(kind));
}

/** PreventInTransactionBlock, or a COMMIT inside a DO block or procedure that was called in a transaction. */
export function needsNoTransaction({ sqlState: state }: ServerFailure): boolean {
  return state === "25001" || state === "2D000";
}

/** "invalid transaction termination": a DO block or procedure wants to end the transaction that it runs in. */
export function commitsByItself({ sqlState: state }: ServerFailure): boolean {
  return state === "2D000";
}

/** The server names the table whose rows it found fault with (errtable, errtableconstraint). */
export function toFailure(
  when: Failure["when"],
  { sqlState: state, message, schema, table }: ServerFailure,
): Failure {
  const isOfTable = when === "on-rows" && schema !== undefined && table !== undefined;
  return {
    when,
    sqlState: state,
    message,
    ...(isOfTable ? { relation: qualifiedName(schema, table) } : {}),
  };
}
