import {
  qualifiedName,
  type Catalog,
  type QualifiedName,
  type Table,
} from "../../catalog/index.ts";
import type { Statement } from "../../sql/index.ts";
import { keyIndexes } from "../fillable.ts";
import { valueOf, type Rows, type TableRows, type Uncompared } from "./rows.ts";

/** A database at some point: what there is, and its rows. */
export interface End {
  readonly catalog: Pick<Catalog, "tables">;
  readonly rows: Rows;
}

export interface Moved {
  readonly table: QualifiedName;
  readonly column: string;
  /** In how many rows the migration as written has moved it, and the plan. */
  readonly expected: number;
  readonly found: number;
  /** Rows in which only one of them has; without a key, how many more or fewer. */
  readonly apart: number;
}

/**
 * Moments and other large numbers that nobody knows beforehand: whether each row's has moved is known all the same. Rows are
 * told apart by a key that stays, whatever its columns are called afterwards. Where there is none, it is counted in how many
 * rows it has moved.
 */
export function movedUnlike({
  before,
  expected,
  found,
  uncompared,
  naive,
}: {
  readonly before: End;
  readonly expected: End;
  readonly found: End;
  /** As the tables and columns are called in the end. */
  readonly uncompared: Uncompared;
  readonly naive: readonly Statement[];
}): readonly Moved[] {
  return [...uncompared].flatMap(([name, columns]) => {
    const [made, carried] = [expected, found].map((one) => stateOf(one, name));
    if (made === undefined || carried === undefined) return [];
    const called = namesBefore(naive, made.table.name);
    const first = stateOf(before, qualifiedName(made.table.schema, called.table));
    if (first === undefined) return [];
    const states = [first, made, carried] as const;
    const key = keysOf(made.table).find(
      (one) =>
        !one.some((column) => columns.has(column)) &&
        isKeyOf(carried.table, one) &&
        isKeyOf(first.table, one.map(called.column)),
    );
    return [...columns].flatMap((column) => {
      const names = [called.column(column), column, column] as const;
      if (!states.every(({ table }, n) => isMoment(table, names[n]!))) return [];
      const [was, naively, byPlan] = states.map(({ rows }, n) =>
        valuesOf(rows, names[n]!, n === 0 ? key?.map(called.column) : key),
      );
      const moved = (key === undefined ? countMoved : compareMoved)(was!, naively!, byPlan!);
      return moved.apart === 0 ? [] : [{ table: name, column, ...moved }];
    });
  });
}

interface TableState {
  readonly table: Table;
  readonly rows: TableRows;
}

function stateOf({ catalog, rows }: End, name: QualifiedName): TableState | undefined {
  const [table, found] = [catalog.tables[name], rows.get(name)];
  return table === undefined || found === undefined ? undefined : { table, rows: found };
}

/** What a table, and a column of it, was called before the migration. */
function namesBefore(naive: readonly Statement[], name: string) {
  const renames = naive.toReversed().flatMap(({ node }) => {
    if (!("RenameStmt" in node)) return [];
    const { renameType, relation, subname = "", newname = "" } = node.RenameStmt;
    return [{ renameType, of: relation?.relname ?? "", from: subname, to: newname }];
  });
  const before = (column: string) => {
    let now = { table: name, column };
    for (const { renameType, of, from, to } of renames)
      if (renameType === "OBJECT_TABLE" && to === now.table) now = { ...now, table: of };
      else if (renameType === "OBJECT_COLUMN" && of === now.table && to === now.column)
        now = { ...now, column: from };
    return now;
  };
  return { table: before("").table, column: (column: string) => before(column).column };
}

/** The columns of the primary key, or else of what a backfill would go by. */
function keysOf(table: Table): readonly (readonly string[])[] {
  const primary = table.constraints.find(({ kind }) => kind === "primary-key");
  const others = keyIndexes(table).map(({ keys }) => keys.map(({ column }) => column!));
  return [...(primary === undefined ? [] : [primary.columns]), ...others];
}

function isKeyOf(table: Table, columns: readonly string[]): boolean {
  return keysOf(table).some((one) => one.join("\n") === columns.join("\n"));
}

function isMoment({ columns }: Table, column: string): boolean {
  const type = columns.find(({ name }) => name === column)?.type;
  return type !== undefined && !type.array && moments.has(type.name);
}

const moments: ReadonlySet<string> = new Set(["timestamp", "timestamptz", "int8"]);

/** Of small numbers two that are drawn may be the same by chance. */
function isLarge(encoded: string): boolean {
  const value = valueOf(encoded);
  return value === null || /\D/.test(value) || value.length > 9;
}

interface Value {
  /** Of its row; without a key the number of the row. */
  readonly key: string;
  readonly value: string;
}

function valuesOf(
  { columns, rows }: TableRows,
  column: string,
  key: readonly string[] | undefined,
): readonly Value[] {
  const at = columns.indexOf(column);
  const places = key?.map((name) => columns.indexOf(name));
  return rows.map((row, n) => ({
    key: JSON.stringify(places?.map((place) => row[place]) ?? n),
    value: row[at]!,
  }));
}

type HowMany = Pick<Moved, "expected" | "found" | "apart">;

function compareMoved(
  was: readonly Value[],
  naively: readonly Value[],
  byPlan: readonly Value[],
): HowMany {
  const [naive, plan] = [naively, byPlan].map(
    (values) => new Map(values.map(({ key, value }) => [key, value])),
  );
  let [expected, found, apart] = [0, 0, 0];
  for (const { key, value } of was) {
    const [made, carried] = [naive!.get(key), plan!.get(key)];
    if (made === undefined || carried === undefined) continue;
    if (![value, made, carried].every(isLarge)) continue;
    if (made !== value) expected++;
    if (carried !== value) found++;
    if ((made !== value) !== (carried !== value)) apart++;
  }
  return { expected, found, apart };
}

function countMoved(
  was: readonly Value[],
  naively: readonly Value[],
  byPlan: readonly Value[],
): HowMany {
  const [expected, found] = [naively, byPlan].map((values) => {
    const left = new Map<string, number>();
    for (const { value } of values) left.set(value, (left.get(value) ?? 0) + 1);
    return was.filter(({ value }) => {
      const count = left.get(value) ?? 0;
      left.set(value, count - 1);
      return isLarge(value) && count <= 0;
    }).length;
  }) as [number, number];
  return { expected, found, apart: Math.abs(expected - found) };
}
