import type { Emit } from "../events/index.ts";
import { sqlState, type Session } from "../pg/index.ts";
import { parkedColumn, type PlanFolder } from "../plan/index.ts";
import { laterLockMs, runOptions, type GivenRunOptions } from "../runner/index.ts";
import { qualifiedName, quoteIdent, quoteLiteral, quoteQualified } from "../sql/index.ts";
import { areOffSql, ownTriggers, requireTriggersOn } from "./own-triggers.ts";
import { requireInStep, wereChangedSql } from "./in-step.ts";
import {
  byIndex,
  requireNothingParked,
  tablesThatPark,
  type AcceptedLoss,
  type ParkingTable,
} from "./parked.ts";

/** What is looked at in the transaction in which the contract phase begins. */
export interface ContractGuard {
  readonly folder: PlanFolder;
  /** What somebody has answered for the loss of. */
  readonly accepted: AcceptedLoss | undefined;
  readonly options: GivenRunOptions | undefined;
  readonly emit: Emit;
}

/** No server raises them: class LS is nobody's (errcodes.txt). */
const parkedState = "LS001";
const triggersState = "LS002";
const changedState = "LS003";

/**
 * Statements that come first in the transaction that takes the old form away. They fail where a trigger that keeps the
 * forms in step does not fire or was changed since the rows were last compared, and where values are parked. Tables that park are locked as the transaction's own
 * statements lock them, so that nothing can be parked behind the look, which an index answers however many rows there
 * are.
 *
 * With a person's word for so many rows, more than these stop it all the same.
 */
export async function guardSql(session: Session, guard: ContractGuard): Promise<readonly string[]> {
  const triggers = await ownTriggers(guard.folder);
  const { id } = guard.folder.plan;
  const looks =
    triggers.length === 0
      ? []
      : [
          failsIf(areOffSql(triggers), triggersState),
          failsIf(wereChangedSql(id, triggers), changedState),
        ];
  const tables = await tablesThatPark(session, id);
  return [...looks.map(program), ...(tables.length === 0 ? [] : parkedSql(tables, guard))];
}

function parkedSql(
  tables: readonly ParkingTable[],
  { folder, accepted, options }: ContractGuard,
): readonly string[] {
  const { lockTimeoutMs } = runOptions(options);
  const isShort = lockTimeoutMs > 0 && lockTimeoutMs <= laterLockMs;
  const column = quoteIdent(parkedColumn(folder.plan.id));
  const looks = tables.map(({ schema, name }) => {
    const table = quoteQualified(schema, name);
    const shown = qualifiedName(schema, name);
    const most = accepted?.rows.find((one) => one.table === shown)?.rows ?? 0;
    return failsIf(
      `(SELECT pg_catalog.count(*) FROM (SELECT FROM ${table} WHERE ${column} IS NOT NULL LIMIT ${most + 1}) AS parked) > ${most}`,
      parkedState,
    );
  });
  return [
    ...tables.flatMap(({ schema, name }) => [
      `LOCK TABLE ${quoteQualified(schema, name)} IN ACCESS EXCLUSIVE MODE`,
      // Others wait for what is locked already.
      ...(isShort ? [] : [`SET LOCAL lock_timeout = ${laterLockMs}`]),
    ]),
    byIndex,
    program(looks.join("\n")),
    "SET LOCAL enable_seqscan TO DEFAULT",
  ];
}

function failsIf(condition: string, state: string): string {
  return `  IF ${condition} THEN RAISE EXCEPTION USING ERRCODE = '${state}', MESSAGE = 'the contract phase may not begin'; END IF;`;
}

function program(body: string): string {
  return `DO ${quoteLiteral(`BEGIN\n${body}\nEND`)}`;
}

/**
 * The failure of a look, in the words of who looked before.
 *
 * @returns whether it was one, of what is right again since
 * @throws LockstepError `values-parked`, `dual-writes-off`, `dual-writes-missed`
 */
export async function hasMetGuard(
  session: Session,
  { folder, emit }: ContractGuard,
  error: unknown,
): Promise<boolean> {
  const state = sqlState((error as { readonly cause?: unknown }).cause) ?? "";
  if (state === parkedState) await requireNothingParked(session, folder.plan.id, undefined);
  if (state === triggersState) await requireTriggersOn(session, folder);
  if (state === changedState) await requireInStep(session, folder, emit);
  return [parkedState, triggersState, changedState].includes(state);
}
