import { sqlState, type Session } from "../pg/index.ts";
import { parkedColumn } from "../plan/index.ts";
import { laterLockMs, runOptions, type GivenRunOptions } from "../runner/index.ts";
import { qualifiedName, quoteIdent, quoteLiteral, quoteQualified } from "../sql/index.ts";
import { byIndex, requireNothingParked, tablesThatPark, type AcceptedLoss } from "./parked.ts";

/** What is looked at in the transaction in which the contract phase begins. */
export interface ContractGuard {
  readonly plan: string;
  /** What somebody has answered for the loss of. */
  readonly accepted: AcceptedLoss | undefined;
  readonly options: GivenRunOptions | undefined;
}

/** No server raises it: class LS is nobody's (errcodes.txt). */
const parkedState = "LS001";

/**
 * Statements that come first in the transaction that takes the old form away. The tables are locked as its own
 * statements lock them, so that nothing can be parked behind the look, which an index answers however many rows there
 * are.
 *
 * With a person's word for so many rows, more than these stop it all the same.
 */
export async function guardSql(
  session: Session,
  { plan, accepted, options }: ContractGuard,
): Promise<readonly string[]> {
  const tables = await tablesThatPark(session, plan);
  if (tables.length === 0) return [];
  const { lockTimeoutMs } = runOptions(options);
  const isShort = lockTimeoutMs > 0 && lockTimeoutMs <= laterLockMs;
  const column = quoteIdent(parkedColumn(plan));
  const looks = tables.map(({ schema, name }) => {
    const table = quoteQualified(schema, name);
    const shown = qualifiedName(schema, name);
    const most = accepted?.rows.find((one) => one.table === shown)?.rows ?? 0;
    return [
      `  IF (SELECT pg_catalog.count(*) FROM (SELECT FROM ${table} WHERE ${column} IS NOT NULL LIMIT ${most + 1}) AS parked) > ${most} THEN`,
      `    RAISE EXCEPTION USING ERRCODE = '${parkedState}', MESSAGE = ${quoteLiteral(`values of ${shown} are parked`)};`,
      "  END IF;",
    ].join("\n");
  });
  return [
    ...tables.flatMap(({ schema, name }) => [
      `LOCK TABLE ${quoteQualified(schema, name)} IN ACCESS EXCLUSIVE MODE`,
      // Others wait for what is locked already.
      ...(isShort ? [] : [`SET LOCAL lock_timeout = ${laterLockMs}`]),
    ]),
    byIndex,
    `DO ${quoteLiteral(["BEGIN", ...looks, "END"].join("\n"))}`,
    "SET LOCAL enable_seqscan TO DEFAULT",
  ];
}

/**
 * The failure of a look, in the words of who looked before.
 *
 * @returns whether it was one, of what is right again since
 * @throws LockstepError `values-parked`
 */
export async function hasMetGuard(
  session: Session,
  { plan }: ContractGuard,
  error: unknown,
): Promise<boolean> {
  const { cause } = error as { readonly cause?: unknown };
  if (sqlState(cause) !== parkedState) return false;
  await requireNothingParked(session, plan, undefined);
  return true;
}
