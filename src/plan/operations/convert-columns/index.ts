import type { Constraint, Table } from "../../../catalog/index.ts";
import { qualifiedName, quoteIdent, quoteQualified } from "../../../sql/index.ts";
import {
  madeName,
  parkedColumn,
  rowExpression,
  type MappedColumn,
  type Mapping,
} from "../../dual-writes/index.ts";
import { copyNote } from "../../copy-note.ts";
import { dualWriteObstacle } from "../../dual-write-obstacle.ts";
import { fillNotes } from "../../fill-notes.ts";
import { wholeRowNotes } from "../../trigger-notes.ts";
import { columnIn, isRequired, sqlName, tableIn } from "../../lookup.ts";
import { outside, transaction, type PlannedOperation, type Step } from "../../model.ts";
import { dropped } from "../../online/index-build.ts";
import { isKey, keySteps } from "../../online/key.ts";
import { requiredSteps } from "../../online/not-null.ts";
import { leavesOf, validatedSteps } from "../../online/validated.ts";
import { readBy, twinUnique } from "../../twin-unique.ts";
import { duplicatesRefused } from "../create-index.ts";
import type { OperationInput, Recognised, Refusal } from "../operation.ts";
import { directivesOf, type Assignment } from "./assignments.ts";
import { groupOf, type Group } from "./group.ts";
import { parkedOf, withParked } from "./parked.ts";

/**
 * One column split into several, several merged into one, a column converted into one of another name: `ADD COLUMN`,
 * `UPDATE`, `DROP COLUMN`, with lines `-- lockstep: column = expression` for what the UPDATE does not say, above all
 * the way back. Both releases have their columns, kept in step, until the old ones go in the contract phase.
 */
export async function convertColumns(
  input: OperationInput,
): Promise<Recognised | Refusal | undefined> {
  const directives = directivesOf(input);
  const group = groupOf(input);
  const taken = [input, ...input.following].slice(0, group?.size ?? 1);
  const parked = taken.flatMap(parkedOf);
  const isMeant = directives.length > 0;
  if (group === undefined || group.added.length === 0) {
    // A line that nothing heeds would leave values refused without a word.
    withParked([], parked);
    return undefined;
  }
  if (!isMeant && (group.assigned.length === 0 || group.dropped.length === 0)) return undefined;
  const name = sqlName(group.table);
  const title = `convert columns of ${name} to ${group.added.map((one) => quoteIdent(one.name)).join(", ")}`;
  const obstacle = dualWriteObstacle(
    input.start,
    group.table,
    group.dropped.map((column) => column.name),
  );
  if (obstacle !== undefined) return { title, refused: obstacle };
  const given = new Map<string, Assignment>();
  // What the migration itself fills the rows with is what it means.
  for (const one of [...directives, ...group.assigned]) given.set(one.column, one);
  const mappings = await mappingsOf(given, group);
  if (Array.isArray(mappings)) {
    const { twins, notes } = await twinsOf(input, group, mappings);
    const converted = plannedBy(input, group, withParked(mappings, parked));
    const planned = { ...converted, twins, notes: [...(converted.notes ?? []), ...notes] };
    return { title, planned, takes: group.size - 1 };
  }
  const { missing } = mappings;
  return {
    title,
    refused: {
      why: `nothing says how ${quoteIdent(missing)} is computed from the columns of the other release`,
      instead: [
        `write "-- lockstep: ${missing} = expression" in front of the statement that adds ${group.added.map((one) => quoteIdent(one.name)).join(", ")} (docs/plan-directives.md)`,
      ],
    },
  };
}

/** Columns whose expressions read one another belong together; those of other mappings are left alone. */
async function mappingsOf(
  given: ReadonlyMap<string, Assignment>,
  { table, tableAfter, added, dropped }: Group,
): Promise<Mapping[] | { readonly missing: string }> {
  const isNew = (name: string) => added.some((column) => column.name === name);
  const olds = new Set(dropped.map(({ name }) => name));
  const news = new Set<string>();
  for (const name of given.keys()) (isNew(name) ? news : olds).add(name);
  const parts: { readonly columns: Set<string> }[] = [];
  for (const name of [...news, ...olds]) {
    const own = given.get(name);
    if (own === undefined) return { missing: name };
    const read = (await rowExpression(own.expression, table.name, own.origin)).columns;
    for (const column of read)
      if (news.has(name) && !isNew(column) && !given.has(column)) return { missing: column };
    const joined = new Set([name, ...read]);
    for (const part of parts.filter(({ columns }) => [...joined].some((one) => columns.has(one)))) {
      for (const column of part.columns) joined.add(column);
      parts.splice(parts.indexOf(part), 1);
    }
    parts.push({ columns: joined });
  }
  return parts.map(({ columns }) => {
    const side = (names: ReadonlySet<string>, of: Group["table"]): MappedColumn[] =>
      [...names].flatMap((name) => {
        const column = columns.has(name) ? columnIn(of, name) : undefined;
        if (column === undefined) return [];
        const { expression: from, origin } = given.get(name)!;
        const { nullable, type } = column;
        const value = column.default === null ? {} : { default: column.default };
        const required = of === table ? isRequired(column) : !nullable;
        return [{ name, type: type.text, from, origin, nullable, required, ...value }];
      });
    return { old: side(olds, table), new: side(news, tableAfter) };
  });
}

/** Unique indexes of columns that go, where the columns that come for them have one too. */
async function twinsOf(
  { start, goal }: OperationInput,
  { table }: Group,
  mappings: readonly Mapping[],
): ReturnType<typeof twinUnique> {
  const later = tableIn(goal, table);
  const reads = async (of: Table, side: readonly MappedColumn[]) => {
    const found: string[] = [];
    for (const index of of.indexes) {
      const read = index.unique ? await readBy(index, of) : new Set();
      if (side.some((column) => read.has(column.name))) found.push(index.name);
    }
    return found;
  };
  const names: string[] = [];
  for (const mapping of later === undefined ? [] : mappings) {
    const made = await reads(later!, mapping.new);
    if (made.length > 0) names.push(...(await reads(table, mapping.old)));
  }
  return twinUnique({ start, goal, table }, names);
}

function plannedBy(
  input: OperationInput,
  group: Group,
  mappings: readonly Mapping[],
): PlannedOperation {
  const { table, added, dropped } = group;
  const name = sqlName(table);
  const parked = mappings.flatMap((mapping) =>
    mapping.new.flatMap((column) => (column.parks === true ? [column.name] : [])),
  );
  const keys = constraintsOf(group)
    .filter(isKey)
    .map((key) => duplicatesRefused(quoteIdent(key.name), table));
  const filled = new Set(mappings.flatMap((mapping) => mapping.new.map((column) => column.name)));
  return {
    expand: added.map((column) => {
      const made = quoteIdent(column.name);
      const collation = column.collation === null ? "" : ` COLLATE ${column.collation}`;
      // A default of its own would hide whether an INSERT gave the column.
      const value =
        filled.has(column.name) || column.default === null ? "" : ` DEFAULT ${column.default}`;
      return transaction(
        `a column of the new release, ${made}`,
        [
          `ALTER TABLE ${name} ADD COLUMN IF NOT EXISTS ${made} ${column.type.text}${collation}${value}`,
        ],
        [`ALTER TABLE ${name} DROP COLUMN IF EXISTS ${made}`],
      );
    }),
    mappings: mappings.map((mapping) => ({ table, mapping })),
    notes: [
      ...fillNotes(input.before, table),
      ...wholeRowNotes(input.before, table),
      copyNote(table),
      ...parked.map(
        (column) =>
          `what the expression of ${quoteIdent(column)} refuses is parked in ${name}: such rows have NULL in it and are named by lockstep backfill status; the contract phase waits until there are none, or until somebody answers for them`,
      ),
      `what ${parked.length === 0 ? "an" : "any other"} expression of the migration refuses in ${name} is refused to whoever writes it, from the expand phase on; rows that hold such a value stop the backfill, which names them`,
      ...keys.flatMap(({ notes = [] }) => notes),
    ],
    exemptions: [
      { kind: "refuses-values", relation: qualifiedName(table.schema, table.name) },
      ...keys.flatMap(({ exemptions = [] }) => exemptions),
    ],
    settle: [...parkedIndexes(input, group, parked), ...settled(input, group)],
    end: [
      ...added.flatMap(({ name: column, default: value }) =>
        value === null || !filled.has(column)
          ? []
          : [`ALTER TABLE ${name} ALTER COLUMN ${quoteIdent(column)} SET DEFAULT ${value}`],
      ),
      ...dropped.map(({ name: column }) => `ALTER TABLE ${name} DROP COLUMN ${quoteIdent(column)}`),
    ],
  };
}

/** Find the parked rows without reading the others; they go with the column that they are about. */
function parkedIndexes(
  { plan, before }: OperationInput,
  { table }: Group,
  parked: readonly string[],
): readonly Step[] {
  if (parked.length === 0) return [];
  const column = quoteIdent(parkedColumn(plan));
  // A partitioned table's cannot be built while rows are written; those of its partitions do the same.
  const holding = table.kind === "partitioned" ? leavesOf(before, table) : [table];
  return holding.flatMap((leaf) => {
    // Foreign servers have indexes of their own.
    if (leaf.kind === "foreign") return [];
    const index = madeName("parked", leaf.name, plan);
    return [
      outside(
        `an index of the rows of ${sqlName(leaf)} whose values are parked`,
        `CREATE INDEX CONCURRENTLY ${quoteIdent(index)} ON ${sqlName(leaf)} ((${column} IS NULL)) WHERE ${column} IS NOT NULL`,
        [dropped(quoteQualified(leaf.schema, index))],
      ),
    ];
  });
}

/** Those that come with the new columns. */
function constraintsOf({ table, tableAfter }: Group): readonly Constraint[] {
  const known = new Set(table.constraints.map(({ name }) => name));
  return tableAfter.constraints.filter(({ name }) => !known.has(name));
}

/** NOT NULL, keys, checks and foreign keys that the new columns come with. */
function settled({ before, plan, major }: OperationInput, group: Group): readonly Step[] {
  const { table, tableAfter, last, added } = group;
  return [
    ...added.flatMap(({ name, type, nullable, notNull }) =>
      nullable
        ? []
        : requiredSteps({
            table,
            column: name,
            type,
            constraint: notNull?.name ?? null,
            noInherit: notNull?.noInherit === true,
            plan,
            major,
          }),
    ),
    ...constraintsOf(group).flatMap((constraint) => {
      if (constraint.kind === "check" || constraint.kind === "foreign-key")
        return validatedSteps({ before, after: last.after, table: tableAfter, constraint, major });
      if (constraint.kind === "exclusion") return [];
      const { builds, names } = keySteps({
        catalog: last.after,
        table: tableAfter,
        key: constraint,
        nameOf: ({ name }) => name,
        instead: undefined,
      });
      return [...builds, ...names];
    }),
  ];
}
