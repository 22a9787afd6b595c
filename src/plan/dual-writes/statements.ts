import { quoteIdent, quoteLiteral, quoteQualified } from "../../sql/index.ts";
import { apartBody, functionBody, type SyncedColumn } from "./function-body.ts";
import type { DualWrites } from "./mapping.ts";
import { apartFunction, rowFunction } from "./apart.ts";
import { guardOf } from "./guard.ts";
import { flagColumn, longHash, madeName, parkedColumn, shortHash } from "./names.ts";
import { dollarQuoted } from "./quoting.ts";
import { standInDefault } from "./stand-in.ts";
import { shadowStatements, shadowTrigger } from "./shadow.ts";
import { syncedColumns } from "./synced.ts";
import { parentFirst, rowTrigger, triggerFunction } from "./trigger.ts";

/** The statements that start and end dual writes in one table; each can be repeated without harm. */
export interface DualWriteStatements {
  /** Column that is 1 in rows that hold both forms and 0 in those still to be filled. */
  readonly flag: string;
  /** To be run in this order, in one transaction: a row written between two of them would pass for filled. */
  readonly start: readonly string[];
  /** Ends them, in this order; the columns of both sides and what they hold stay. */
  readonly stop: readonly string[];
  /** Ends them together with the new columns, in one transaction; harmless where they have never begun. */
  readonly abandon: readonly string[];
}

/**
 * Triggers that keep the forms of both releases in step, whoever writes, by whatever statement.
 *
 * The new columns must exist, without defaults of their own: until the contract phase a default tells that an INSERT
 * did not give the column, so that NULL and "not given" are told apart. The trigger that computes is named so that it
 * fires after the table's own (triggers fire in order of their names, manual 37.1), and it fires under
 * `session_replication_role = replica` too. The functions run with the rights of whoever writes, but for the one that has
 * writers of a unique key wait for each other (guard.ts).
 *
 * @throws LockstepError `plan-expression` when an expression reads anything but columns of the other side
 */
export async function dualWriteStatements(writes: DualWrites): Promise<DualWriteStatements> {
  const { plan, mappings, shadows = [], guarded = [], isPartitioned = false, searchPath } = writes;
  const { schema, name } = writes.table;
  const table = quoteQualified(schema, name);
  const made = (what: string) => quoteQualified("lockstep", madeName(what, plan, schema, name));
  const [sync, given, absent] = [made("sync"), made("given"), made("absent")];
  const flag = flagColumn(plan);
  const parked = parkedColumn(plan);
  const setting = `lockstep.absent_${plan}_${shortHash(schema, name)}`;
  const syncTrigger = madeName("~lockstep", plan);
  const [first, last] = [madeName("!lockstep", plan), syncTrigger].map(quoteIdent);
  const synced = await syncedColumns(mappings, name, `plan ${plan}`);
  const sensed = synced.flatMap((mapping) =>
    mapping.new.filter((column) => column.absent !== undefined),
  );
  const path = ["pg_catalog", ...searchPath.map(quoteIdent), "pg_temp"].join(", ");
  const apart = apartFunction(plan, writes.table);
  const sensors = [
    sensorFunction(absent, setting),
    triggerFunction(given, "pg_catalog, pg_temp", givenBody(flag, setting)),
    ...rowTrigger(first!, table, "INSERT", given),
    ...sensed.map(
      (column) =>
        `ALTER TABLE ${table} ALTER COLUMN ${quoteIdent(column.name)} SET DEFAULT ${absent}(${column.absent}, NULL::${column.type})`,
    ),
  ];
  const required = (side: "old" | "new") =>
    synced.flatMap((mapping) => mapping[side].filter((column) => column.required === true));
  const noDefault = (column: SyncedColumn) =>
    `ALTER TABLE ${table} ALTER COLUMN ${quoteIdent(column.name)} DROP DEFAULT`;
  const isMapped = mappings.length > 0;
  // They fire in the order of their names.
  const lastToFire = [
    ...(isMapped ? [syncTrigger] : []),
    ...shadows.map((shadow) => shadowTrigger(plan, shadow)),
  ]
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .at(-1);
  const computed = await Promise.all(
    shadows.map((shadow) => {
      const isLast = shadowTrigger(plan, shadow) === lastToFire;
      return shadowStatements({ plan, table: writes.table, searchPath, isLast }, shadow);
    }),
  );
  // Behind all others: the keys are computed by then.
  const guard = guardOf(
    {
      trigger: quoteIdent(madeName("~~lockstep", plan)),
      perStatement: quoteIdent(madeName("~~~lockstep", plan)),
      routine: made("guard"),
      on: table,
    },
    guarded,
    isPartitioned ? table : `ONLY ${table}`,
    path,
    (index) => longHash(plan, schema, name, index),
  );
  const isSensed = sensed.length > 0;
  // What was never made would be a notice each.
  const dropTriggers = [...(isMapped ? [last] : []), ...(isSensed ? [first] : [])].map(
    (trigger) => `DROP TRIGGER IF EXISTS ${trigger} ON ${table}`,
  );
  const isParking = synced.some((mapping) => mapping.new.some(({ parks }) => parks === true));
  const own = isParking ? [parked, flag] : [flag];
  const dropRest = [
    ...(isMapped
      ? [`DROP FUNCTION IF EXISTS ${sync}()`, `DROP FUNCTION IF EXISTS ${apart}(${table})`]
      : []),
    ...(isSensed
      ? [
          `DROP FUNCTION IF EXISTS ${given}()`,
          `DROP FUNCTION IF EXISTS ${absent}(integer, anyelement)`,
        ]
      : []),
    ...own.map((column) => `ALTER TABLE ${table} DROP COLUMN IF EXISTS ${quoteIdent(column)}`),
  ];
  return {
    flag,
    start: [
      `ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS ${quoteIdent(flag)} integer NOT NULL DEFAULT 0`,
      ...(isParking
        ? [`ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS ${quoteIdent(parked)} jsonb`]
        : []),
      ...computed.flatMap((shadow) => shadow.start),
      ...(isSensed ? sensors : []),
      ...[...required("old"), ...required("new")].map((column) =>
        standInDefault(table, column.name, column.type),
      ),
      ...(isMapped
        ? [
            triggerFunction(
              sync,
              path,
              functionBody(synced, { flag, parked }, lastToFire === syncTrigger),
            ),
            ...rowTrigger(last!, table, "INSERT OR UPDATE", sync),
            rowFunction(apart, table, path, apartBody(synced, quoteIdent(flag))),
          ]
        : []),
      ...guard.start,
    ],
    stop: [
      ...parentFirst(table, isPartitioned),
      ...guard.stop,
      ...computed.flatMap((shadow) => shadow.stop),
      ...dropTriggers,
      ...[...sensed, ...required("old"), ...required("new")].map(noDefault),
      ...dropRest,
    ],
    abandon: [
      ...parentFirst(table, isPartitioned),
      ...guard.stop,
      ...computed.flatMap((shadow) => shadow.stop),
      ...dropTriggers,
      ...required("old").map(noDefault),
      // What they require (NOT NULL, a check that both forms are in step) goes with them.
      ...[
        ...synced.flatMap((mapping) => mapping.new.map((column) => column.name)),
        ...shadows.map(({ made: second }) => second),
      ].map((column) => `ALTER TABLE ${table} DROP COLUMN IF EXISTS ${quoteIdent(column)}`),
      ...dropRest,
    ],
  };
}

/** The default of a new column: NULL, and a note in the transaction's settings that the statement did not give it. */
function sensorFunction(name: string, setting: string): string {
  const body = [
    "BEGIN",
    `  PERFORM pg_catalog.set_config(${quoteLiteral(setting)}, (${noted(setting)} | note)::text, true);`,
    "  RETURN NULL;",
    "END",
  ].join("\n");
  return `CREATE OR REPLACE FUNCTION ${name}(note integer, kind anyelement) RETURNS anyelement LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS ${dollarQuoted(body)}`;
}

/**
 * Takes the notes into the row before any other trigger can write to the same table or drop the row: they never
 * outlive the row that they are about.
 */
function givenBody(flag: string, setting: string): string {
  const column = `NEW.${quoteIdent(flag)}`;
  return [
    "BEGIN",
    `  ${column} := ${noted(setting)};`,
    `  IF ${column} <> 0 THEN`,
    `    PERFORM pg_catalog.set_config(${quoteLiteral(setting)}, '', true);`,
    "  END IF;",
    "  RETURN NEW;",
    "END",
  ].join("\n");
}

/** A setting that was never made is NULL, one of an earlier transaction is empty. */
function noted(setting: string): string {
  return `coalesce(nullif(pg_catalog.current_setting(${quoteLiteral(setting)}, true), ''), '0')::integer`;
}
