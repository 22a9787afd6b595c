import type { Catalog, Constraint, ForeignKeyConstraint, Table } from "../../catalog/index.ts";
import { quoteIdent } from "../../sql/index.ts";
import { columnIn, sqlName, tableChange, tableIn } from "../lookup.ts";
import type { PlannedOperation } from "../model.ts";
import { takenBack, validatedSteps } from "../online/validated.ts";
import type { OperationInput, Recognised } from "./operation.ts";

/**
 * `ADD CHECK` and `ADD FOREIGN KEY`. What they refuse the old release may still write: they belong to the contract
 * phase, NOT VALID first. A foreign key of columns that the old release leaves NULL, and that says what becomes of rows
 * whose parent goes, refuses it nothing, and the new one counts on it.
 */
export function addConstraint(input: OperationInput): Recognised | undefined {
  const { statement, before, after, existed, searchPath, major } = input;
  const { node } = statement;
  const change = tableChange(node, before, searchPath);
  if (change?.command.subtype !== "AT_AddConstraint" || !existed(change.table)) return undefined;
  const constraint = addedConstraint(change.table, after);
  if (constraint?.kind !== "check" && constraint?.kind !== "foreign-key") return undefined;
  const { table } = change;
  const steps = validatedSteps({ before, after, table, constraint, major });
  const isForeign = constraint.kind === "foreign-key";
  const isEarly = isForeign && isFreshKey(input, table, constraint);
  const title = `constraint ${quoteIdent(constraint.name)} on ${sqlName(table)}`;
  return {
    title,
    planned: {
      ...(isEarly ? { settle: takenBack(steps, table, constraint.name) } : { narrow: steps }),
      ...(isForeign
        ? notedKey(after, table, constraint, isEarly)
        : { notes: constraint.valid ? [`${title}: rows that it refuses ${stop}`] : [] }),
    },
  };
}

const stop = "keep the contract phase from ending; put them right before it begins";

/** True for a key that neither refuses what the old release writes nor keeps rows from going. */
function isFreshKey(
  { start }: OperationInput,
  table: Table,
  { columns, onDelete }: ForeignKeyConstraint,
): boolean {
  const first = tableIn(start, table);
  return (
    first !== undefined &&
    table.kind !== "partitioned" &&
    onDelete !== "no-action" &&
    onDelete !== "restrict" &&
    columns.every(
      (name) => columnIn(first, name) === undefined && columnIn(table, name)?.default === null,
    )
  );
}

/** What a person has to know of a foreign key. */
export function notedKey(
  after: Catalog,
  table: Table,
  key: ForeignKeyConstraint,
  isEarly: boolean,
): Pick<PlannedOperation, "notes" | "exemptions"> {
  const notes = unsupported(after, table, key);
  const relation = key.references.table;
  if (isEarly)
    return {
      notes:
        key.onUpdate === "no-action" || key.onUpdate === "restrict"
          ? [
              ...notes,
              `${quoteIdent(key.name)} on ${sqlName(table)}: from the end of the backfill phase on neither release can give a row of ${relation} another key that rows of the new one refer to`,
            ]
          : notes,
    };
  if (key.onDelete === "no-action" || key.onDelete === "restrict")
    return {
      notes: key.valid
        ? [
            ...notes,
            `${quoteIdent(key.name)} on ${sqlName(table)} comes in the contract phase: until then a row of ${relation} may go though others refer to it; rows of ${sqlName(table)} that refer to none ${stop}`,
          ]
        : notes,
    };
  return {
    notes: [
      ...notes,
      `${quoteIdent(key.name)} on ${sqlName(table)} comes in the contract phase: until then nothing happens to rows of ${sqlName(table)} when the row of ${relation} that they refer to by ${key.columns.map(quoteIdent).join(", ")} is deleted, and those that are left behind stop the phase; the new release has to delete them itself, or not to delete rows of ${relation} meanwhile`,
    ],
    exemptions: [{ kind: "leaves-orphans", relation }],
  };
}

/** The constraint that the table has got. */
export function addedConstraint(table: Table, after: Catalog): Constraint | undefined {
  const had = new Set(table.constraints.map(({ name }) => name));
  return tableIn(after, table)?.constraints.find(({ name }) => !had.has(name));
}

/**
 * A note when no index begins with the referencing columns: every change of a referenced key then reads the whole
 * table (manual 5.5.5).
 */
function unsupported(
  after: Catalog,
  { schema, name }: Table,
  { columns }: ForeignKeyConstraint,
): readonly string[] {
  const own = new Set(columns);
  const indexes = tableIn(after, { schema, name })?.indexes ?? [];
  const hasSupport = indexes.some(
    ({ keys, predicate, valid }) =>
      valid &&
      predicate === null &&
      keys.slice(0, columns.length).every(({ column }) => column !== null && own.has(column)) &&
      keys.length >= columns.length,
  );
  if (hasSupport) return [];
  const list = columns.map(quoteIdent).join(", ");
  return [
    `no index on ${sqlName({ schema, name })} begins with ${list}: each DELETE or change of a referenced key reads the whole table; consider CREATE INDEX CONCURRENTLY ON ${sqlName({ schema, name })} (${list})`,
  ];
}
