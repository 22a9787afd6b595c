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
  /** True when the server points at a place in the statement: its text is at fault, whatever the rows are. */
  readonly isInText: boolean;
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
  const { message, schema, table, position } = error as {
    message: string;
    schema?: string;
    table?: string;
    position?: string;
  };
  const isInText = position !== undefined;
  return { sqlState: state, message, schema, table, isInText, wasEnded: wasEnded(error) };
}

/**
 * True for "cardinality violation" (more rows than one where one is wanted), "data exception", "integrity constraint
 * violation" and what a PL/pgSQL program raises by itself (RAISE, ASSERT, INTO STRICT): other rows would not have failed. A data exception in the text of a statement is none of these: a constant
 * that is no value of its type (22P02 and others, with their place) or an option that there is not (22023, invalid parameter
 * value, of anything but a query).
 */
export function dependsOnRows({ sqlState: state, isInText }: ServerFailure, kind: string): boolean {
  if (isInText && state.startsWith("22")) return false;
  if (state === "22023" && !isQuery(kind)) return false;
  return ["21", "22", "23", "P0"].some((each) => state.startsWith(each));
}

/** What these find depends on rows, even when they fail on none. */
export function isQuery(kind: string): boolean {
  return /^(?:Insert|Update|Delete|Merge|Select|Copy|CreateTableAs|Do|Call)Stmt$/.test(kind);
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
