import type { Catalog, Column, Index, Table } from "../catalog/index.ts";
import { LockstepError } from "../errors/index.ts";
import { quoteIdent } from "../sql/index.ts";
import {
  guardedRows,
  metRows,
  rowExpression,
  type GuardedKey,
  type GuardedPart,
  type RowExpression,
} from "./dual-writes/index.ts";
import { columnIn, tableIn } from "./lookup.ts";
import type { PlannedOperation, Twin } from "./model.ts";

/** Where the indexes of a table that get another one beside them are looked up. */
export interface TwinPlace {
  /** Catalog before the whole migration and after it. */
  readonly start: Catalog;
  readonly goal: Catalog;
  /** The table as its operation finds it. */
  readonly table: Table;
  /** The column that gets another type under its name, if one does: functions that know the first are compiled anew then. */
  readonly retyped?: string;
}

/**
 * What a plan does, and what somebody has to know, of unique indexes that have another one beside them, on the other
 * form of a column: `ON CONFLICT (…)` watches one of the two only (docs/phases.md).
 *
 * @param names of the indexes that get another one; those that are not unique do not count
 */
export async function twinUnique(
  place: TwinPlace,
  names: readonly string[],
): Promise<Required<Pick<PlannedOperation, "twins" | "notes">>> {
  const { table } = place;
  const guarded: Twin[] = [];
  const open: Index[] = [];
  const twins = table.indexes.filter(
    (index) => names.includes(index.name) && isArbiter(index, table),
  );
  for (const index of twins) {
    const key = await guardedKey(place, index.name);
    if (key === undefined) open.push(index);
    else
      guarded.push({
        table: { schema: table.schema, name: table.name },
        key,
      });
  }
  return {
    twins: guarded,
    notes: [
      ...noteOf(
        guarded.map(({ key }) => key.index),
        whileGuarded,
      ),
      ...noteOf(
        open.map(({ name }) => name),
        whileOpen,
      ),
    ],
  };
}

/** What somebody has to know of an index that has another one beside it, and a trigger that has writers wait. */
export const whileGuarded = `so a trigger has who writes a new key wait for who writes the same one, for the first ${guardedRows} keys of a transaction: behind them one of two sessions that upsert the same new key in one moment may get 23505 (unique_violation) instead of a conflict, as may who upserts a key while others delete it and insert it anew, or, behind the first ${metRows} rows, update it; who repeats the statement gets through`;

/** The same of one that has no such trigger. */
export const whileOpen =
  "when two sessions upsert the same new key in one moment, one may get 23505 (unique_violation) instead of a conflict; who repeats the statement gets through";

function noteOf(indexes: readonly string[], what: string): readonly string[] {
  const names = indexes.map(quoteIdent);
  if (names.length === 0) return [];
  const are =
    names.length === 1
      ? `${names[0]} has a second index beside it, on the other form`
      : `${names.join(", ")} have second indexes beside them, on the other form`;
  return [`until the contract phase ${are}, and ON CONFLICT (…) watches one of the two: ${what}`];
}

/** What is checked at the end of a statement or transaction only, ON CONFLICT cannot watch. */
export function isArbiter({ unique, constraint }: Index, { constraints }: Table): boolean {
  const owner = constraints.find(({ name }) => name === constraint);
  return unique && (owner === undefined || owner.deferrable === "no");
}

/**
 * What tells a key's rows apart, for the trigger that has their writers wait.
 *
 * @returns undefined where its expressions cannot be computed from the row that is written
 */
export async function guardedKey(
  { start, goal, table, retyped }: TwinPlace,
  name: string,
): Promise<GuardedKey | undefined> {
  // By the names that the old release knows: they stay until the contract phase.
  const first = tableIn(start, table);
  const own = first?.indexes.find((index) => index.name === name);
  const [on, index] =
    first !== undefined && own !== undefined
      ? [first, own]
      : [table, table.indexes.find((one) => one.name === name)!];
  const later = tableIn(goal, table);
  try {
    const parts: GuardedPart[] = [];
    for (const { column, expression } of index.keys) {
      const text = column === null ? expression! : quoteIdent(column);
      const types = [on, later].flatMap(
        (of) => (column !== null && of && columnIn(of, column)) || [],
      );
      parts.push({
        value: await rowExpression(text, on.name, name),
        isPlain: types.length > 0 && types.every(hasHash),
      });
    }
    const { nullsNotDistinct } = index;
    const predicate =
      index.predicate === null ? [] : [await rowExpression(index.predicate, on.name, name)];
    const read = [...parts.map(({ value }) => value), ...predicate];
    const columns = on.columns.filter((one) => read.some((value) => value.columns.has(one.name)));
    // Generated ones are computed behind the triggers that could lock them.
    if (columns.some(({ generated }) => generated !== null)) return undefined;
    // A function that is compiled keeps a column's type.
    if (columns.some((one) => one.name !== retyped && isRetyped(one, later))) return undefined;
    return {
      index: name,
      parts,
      ...(predicate[0] === undefined ? {} : { predicate: predicate[0] }),
      nullsDistinct: !nullsNotDistinct,
    };
  } catch (error) {
    if (error instanceof LockstepError && error.code === "plan-expression") return undefined;
    throw error;
  }
}

function isRetyped({ name, type }: Column, later: Table | undefined): boolean {
  const is = later && columnIn(later, name)?.type;
  if (is === undefined) return false;
  return type.schema !== is.schema || type.name !== is.name || type.array !== is.array;
}

/** Columns that an index of a table reads, as far as they can be told. */
export async function readBy(index: Index, { name }: Table): Promise<ReadonlySet<string>> {
  const texts = [
    ...index.keys.map(({ column, expression }) =>
      column === null ? expression! : quoteIdent(column),
    ),
    ...(index.predicate === null ? [] : [index.predicate]),
  ];
  const read: RowExpression[] = [];
  for (const text of texts) {
    const one = await rowExpression(text, name, index.name).catch(() => undefined);
    if (one !== undefined) read.push(one);
  }
  return new Set(read.flatMap(({ columns }) => [...columns]));
}

/** Types of Postgres's own whose hash is the same for what their index finds equal (pg_amproc, hash, 64 bits). */
const hashed: ReadonlySet<string> = new Set(
  "bool,bpchar,bytea,char,cidr,date,float4,float8,inet,int2,int4,int8,interval,jsonb,macaddr,macaddr8,name,numeric,oid,text,time,timestamp,timestamptz,timetz,uuid,varchar".split(
    ",",
  ),
);

function hasHash({ type: { schema, name, array, kind } }: Column): boolean {
  return !array && (kind === "enum" || (schema === "pg_catalog" && hashed.has(name)));
}
