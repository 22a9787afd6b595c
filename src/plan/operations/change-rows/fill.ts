import type { Column, Table } from "../../../catalog/index.ts";
import { qualifiedName, quoteIdent, quoteQualified } from "../../../sql/index.ts";
import { fillNotes } from "../../fill-notes.ts";
import { columnIn, sqlName, tableIn } from "../../lookup.ts";
import type { Exemption, Fill, PlannedOperation, Step } from "../../model.ts";
import type { OperationInput } from "../operation.ts";
import { addedBy, cameWithDefault, givesDefaults } from "./given-values.ts";

/** By image: what is equal is not the same for every type. */
export function differs(is: string, becomes: string, { type }: Column): string {
  return `ROW(${is})::pg_catalog.record OPERATOR(pg_catalog.*<>) ROW(${becomes}::${type.text})::pg_catalog.record`;
}

/** Rows changed in batches. */
export interface RowFill extends Pick<Fill, "set" | "todo"> {
  readonly table: Table;
  readonly changed: ReadonlySet<string>;
  /** All columns of the table that it reads. */
  readonly read: ReadonlySet<string>;
  /** Columns on which it depends, and which the old release may write after it. */
  readonly sources: readonly Source[];
  /** A condition for all rows that the statement means, whether they hold already what they would get or not. */
  readonly meant: string;
  /** True when each of these is visited once: triggers fire for it. */
  readonly isOnce: boolean;
}

export interface Source {
  readonly table: Table;
  readonly column: string;
}

/** A fill of the rows that are there, and once more in the contract phase of what else would keep it from ending. */
export function plannedFill(
  input: OperationInput,
  { table, set, todo, meant, isOnce, changed, read, sources }: RowFill,
  late: readonly string[] = [],
): PlannedOperation {
  const { before, start, goal } = input;
  const name = sqlName(table);
  const title = `rows of ${name} changed`;
  const left: Step = { kind: "fill", title, table, set, todo, undo: [] };
  const fill: Step = isOnce ? { ...left, todo: meant, once: true } : left;
  const again = [...new Set([...late, ...refusedAtEnd(input, table, changed, read)])];
  const had = tableIn(start, table);
  const owned = [...changed].filter((column) => had && columnIn(had, column) !== undefined);
  // Of one that is NOT NULL in the end, that statement says it.
  const last = tableIn(goal, table);
  const open = [...changed].filter((column) => last && columnIn(last, column)?.nullable === true);
  const firing = fillNotes(before, table, { rows: isOnce ? "each" : "meant", columns: changed });
  return {
    // In the order of the statements: what it reads may be copied or changed by one before it.
    settle: [fill],
    rows: { table, writes: changed, reads: read },
    narrow: again.length === 0 ? [] : [repeated(left, name, again)],
    remains: owned.map((column) => `rows ${qualifiedName(table.schema, table.name, column)}`),
    notes: [
      ...firing,
      ...stays(input, table, changed, firing.length > 0),
      ...(again.length === 0
        ? givesDefaults(input, table)
          ? []
          : [`rows of ${name} that the old release writes after the fill are not changed`]
        : keepsDefault(input, table, changed)),
      ...(sources.length === 0
        ? []
        : [
            `rows of ${name} are changed by what is in ${sourceNames(sources)} when the fill comes by: what is changed there afterwards changes nothing here`,
          ]),
      ...(late.length === 0 || open.length === 0
        ? []
        : [
            `${open.map(quoteIdent).join(", ")} of rows that the old release inserts after the fill is NULL until the contract phase`,
          ]),
    ],
    exemptions: readOnce(sources),
  };
}

/** What an abort leaves: columns that the migration adds go with it. */
function stays(
  input: OperationInput,
  table: Table,
  changed: ReadonlySet<string>,
  fires: boolean,
): readonly string[] {
  const name = sqlName(table);
  const owned = [...changed].filter((column) => addedBy(input, table, column) === undefined);
  const which = owned.length === changed.size ? "" : `${owned.map(quoteIdent).join(", ")} of `;
  return [
    ...(owned.length === 0
      ? []
      : [`what is changed in ${which}rows of ${name} stays changed after an abort`]),
    ...(fires
      ? [
          `what triggers of ${name} do for filled rows stays after an abort, and a plan that is begun anew has them do it again`,
        ]
      : []),
  ];
}

/** A row that has a default is not looked for again in the contract phase. */
function keepsDefault(
  input: OperationInput,
  table: Table,
  changed: ReadonlySet<string>,
): readonly string[] {
  const given = [...changed].filter(
    (column) =>
      (columnIn(table, column)?.default ?? null) !== null &&
      addedBy(input, table, column) !== undefined,
  );
  return given.length === 0
    ? []
    : [
        `rows of ${sqlName(table)} that the old release inserts after the fill keep the default of ${given.map(quoteIdent).join(", ")}`,
      ];
}

/** What a row's own values and its place among those that are meant depend on, and an application may write. */
export function ownSources(
  table: Table,
  changed: ReadonlySet<string>,
  read: ReadonlySet<string>,
): readonly Source[] {
  const keys = keyColumns(table);
  return [...read].flatMap((column) =>
    changed.has(column) || keys.has(column) ? [] : [{ table, column }],
  );
}

export function keyColumns({ constraints }: Table): ReadonlySet<string> {
  return new Set(constraints.flatMap((one) => (one.kind === "primary-key" ? one.columns : [])));
}

export function readOnce(sources: readonly Source[]): readonly Exemption[] {
  return sources.map(({ table: { schema, name }, column }) => ({
    kind: "read-once",
    relation: qualifiedName(schema, name),
    column,
  }));
}

export function sourceNames(sources: readonly Source[]): string {
  const names = sources.map(({ table, column }) => `${sqlName(table)}.${quoteIdent(column)}`);
  return [...new Set(names)].join(", ");
}

/** The fill once more, of the rows that only the old release can have left so. */
export function repeated<Each extends Fill>(fill: Each, name: string, again: readonly string[]) {
  const one = again.join(" OR ");
  const bare = (text: string) =>
    text.replace(/^\(\s*(t\.(?:"(?:[^"]|"")+"|\w+) IS NULL)\s*\)$/, "$1");
  return {
    ...fill,
    title: `rows of ${name} that the old release wrote since`,
    todo: bare(fill.todo) === one ? fill.todo : `${fill.todo} AND (${one})`,
  };
}

/** What the end of the migration refuses of some columns, over `t`: only the old release can still write it. */
export function refusedAtEnd(
  input: OperationInput,
  table: Table,
  changed: ReadonlySet<string>,
  read: ReadonlySet<string>,
): readonly string[] {
  const { start, goal } = input;
  const [first, last] = [tableIn(start, table), tableIn(goal, table)];
  if (first === undefined || last === undefined) return [];
  // What is renamed or dropped has another name by then.
  if ([...changed, ...read].some((name) => columnIn(last, name) === undefined)) return [];
  // One that came with NOT NULL has a value in every row.
  const mayBeNull = (name: string) =>
    (columnIn(first, name) ?? columnIn(table, name))?.nullable !== false &&
    !cameWithDefault(input, table, name);
  const nulls = [...changed].filter(
    (name) => columnIn(last, name)?.nullable === false && mayBeNull(name),
  );
  const had = new Set(first.constraints.map(({ name }) => name));
  const fresh = last.constraints.filter(
    (one) => !had.has(one.name) && one.columns.some((name) => changed.has(name)),
  );
  return [
    ...nulls.map((name) => `t.${quoteIdent(name)} IS NULL`),
    ...fresh.flatMap((one) => {
      if (one.kind === "check") return [`(${one.expression}) IS FALSE`];
      if (one.kind !== "foreign-key" || one.period) return [];
      const parent = goal.tables[one.references.table];
      if (parent === undefined) return [];
      const given = one.columns.map((name) => `t.${quoteIdent(name)} IS NOT NULL`);
      const pairs = one.columns.map(
        (name, n) => `p.${quoteIdent(one.references.columns[n]!)} = t.${quoteIdent(name)}`,
      );
      return [
        `${given.join(" AND ")} AND NOT EXISTS (SELECT FROM ${quoteQualified(parent.schema, parent.name)} AS p WHERE ${pairs.join(" AND ")})`,
      ];
    }),
  ];
}

/** Columns that only the new release knows, in rows that it did not write. */
export function freshAndEmpty(
  { start, goal }: OperationInput,
  table: Table,
  changed: ReadonlySet<string>,
): readonly string[] {
  const [first, last] = [tableIn(start, table), tableIn(goal, table)];
  const columns = [...changed].map((name) => last && columnIn(last, name));
  const isFresh = columns.every(
    (column) =>
      column !== undefined &&
      column.default === null &&
      first !== undefined &&
      columnIn(first, column.name) === undefined,
  );
  return isFresh
    ? [columns.map((column) => `t.${quoteIdent(column!.name)} IS NULL`).join(" AND ")]
    : [];
}
