import type { Constraint, Node } from "@pgsql/types";
import { indexesOf, type Relation } from "../effects/index.ts";
import {
  constraintName,
  type AlterTable,
  type AlterTablePart,
  type PartSteps,
} from "./fix-alter-parts.ts";
import type { Step } from "./fix-steps.ts";
import { sqlName } from "./sql-names.ts";

/** Safe steps for ADD CONSTRAINT. */
export function constraintSteps(
  alter: AlterTable,
  part: AlterTablePart,
  constraint: Constraint,
): PartSteps {
  const { contype = "" } = constraint;
  if (contype === "CONSTR_EXCLUSION") return "none";
  if (contype === "CONSTR_UNIQUE" || contype === "CONSTR_PRIMARY")
    return constraint.indexname === undefined
      ? keySteps(alter, part, constraint)
      : keyOverIndexSteps(alter, part, constraint);
  if (!checked.has(contype) || constraint.skip_validation === true) return undefined;
  if (constraint.is_enforced === false) return undefined;
  // Refused before Postgres 18 (tablecmds.c, ATAddForeignKeyConstraint).
  const refused =
    contype === "CONSTR_FOREIGN" &&
    alter.relation?.kind === "partitioned table" &&
    alter.input.context.major < 18;
  const name = constraintName(alter, constraint);
  if (refused || name === undefined) return "none";
  return { steps: validatedLater(alter, name, bodyOf(alter, constraint, part.to)) };
}

const checked: ReadonlySet<string> = new Set(["CONSTR_CHECK", "CONSTR_FOREIGN", "CONSTR_NOTNULL"]);

/** A constraint without `CONSTRAINT name` before it, up to a token. */
export function bodyOf(
  { input: { text } }: AlterTable,
  constraint: Constraint,
  to: number,
): string {
  const from = text.at(constraint.location);
  const named = text.tokens[from]?.text.toUpperCase() === "CONSTRAINT";
  return text.slice(named ? from + 2 : from, to);
}

/** NOT VALID, which checks only rows written from now on, then VALIDATE, which lets reads and writes go on. */
export function validatedLater(alter: AlterTable, name: string, body: string): readonly Step[] {
  const quoted = sqlName(name);
  return [
    { sql: `${alter.head} ADD CONSTRAINT ${quoted} ${body} NOT VALID`, strong: true },
    { sql: `${alter.head} VALIDATE CONSTRAINT ${quoted}` },
  ];
}

/** SET NOT NULL after a validated CHECK that proves it, which then goes (ATExecSetNotNull, NotNullImpliedByRelConstraints). */
export function notNullSteps(alter: AlterTable, column: string): readonly Step[] {
  const { head, bareName } = alter;
  const quoted = sqlName(column);
  const check = `${bareName}_${column}_is_set`;
  return [
    ...validatedLater(alter, check, `CHECK (${quoted} IS NOT NULL)`),
    { sql: `${head} ALTER COLUMN ${quoted} SET NOT NULL`, strong: true },
    { sql: `${head} DROP CONSTRAINT ${sqlName(check)}`, strong: true },
  ];
}

/** UNIQUE and PRIMARY KEY over an index that was built concurrently. */
export function keySteps(
  alter: AlterTable,
  part: AlterTablePart,
  constraint: Constraint,
  columns: readonly string[] = strings(constraint.keys),
): PartSteps {
  const { head, table, relation } = alter;
  const name = constraintName(alter, constraint);
  // CONCURRENTLY is refused for partitioned tables; WITHOUT OVERLAPS is an exclusion constraint.
  if (name === undefined || relation?.kind === "partitioned table") return "none";
  if (constraint.without_overlaps === true) return "none";
  const primary = constraint.contype === "CONSTR_PRIMARY";
  const quoted = sqlName(name);
  const indexName = sqlName(isReplaced(alter, name) ? besides(name) : name);
  const including = strings(constraint.including);
  const index = [
    `CREATE UNIQUE INDEX CONCURRENTLY ${indexName} ON ${table} (${list(columns)})`,
    ...(including.length > 0 ? [`INCLUDE (${list(including)})`] : []),
    ...(constraint.nulls_not_distinct === true ? ["NULLS NOT DISTINCT"] : []),
    ...storageOptions(alter, part, constraint),
    ...(constraint.indexspace === undefined
      ? []
      : [`TABLESPACE ${sqlName(constraint.indexspace)}`]),
  ].join(" ");
  const deferral =
    (constraint.deferrable === true ? " DEFERRABLE" : "") +
    (constraint.initdeferred === true ? " INITIALLY DEFERRED" : "");
  const nullable = primary && relation !== undefined ? nullableOf(relation, columns) : [];
  return {
    steps: [
      { sql: index, concurrent: true },
      ...nullable.flatMap((column) => notNullSteps(alter, column)),
      {
        sql: `${head} ADD CONSTRAINT ${quoted} ${primary ? "PRIMARY KEY" : "UNIQUE"} USING INDEX ${indexName}${deferral}`,
        strong: true,
      },
    ],
  };
}

/** True when the statement drops a constraint of that name, whose index is there until then. */
function isReplaced({ parts }: AlterTable, name: string): boolean {
  return parts.some(
    ({ command }) => command.subtype === "AT_DropConstraint" && command.name === name,
  );
}

/** Another name of at most 63 bytes; the constraint gives the index its own. */
function besides(name: string): string {
  const ending = "_new";
  let start = name;
  while (Buffer.byteLength(start) > 63 - ending.length) start = start.slice(0, -1);
  return `${start}${ending}`;
}

/** PRIMARY KEY USING INDEX sets its columns NOT NULL, which reads the table for those that may be null. */
function keyOverIndexSteps(
  alter: AlterTable,
  part: AlterTablePart,
  { contype, indexname }: Constraint,
): PartSteps {
  const { relation, input, head } = alter;
  if (contype !== "CONSTR_PRIMARY" || relation === undefined) return undefined;
  const index = indexesOf(input.world, relation.id).find(({ name }) => name === indexname);
  const columns = (index?.index?.columns ?? []).flatMap((column) => column ?? []);
  const nullable = nullableOf(relation, columns);
  if (nullable.length === 0) return undefined;
  return {
    steps: [
      ...nullable.flatMap((column) => notNullSteps(alter, column)),
      { sql: `${head} ${part.sql}`, strong: true },
    ],
  };
}

function nullableOf(relation: Relation, columns: readonly string[]): readonly string[] {
  return columns.filter(
    (column) => relation.columns.find(({ name }) => name === column)?.notNull === false,
  );
}

function storageOptions(
  { input: { text } }: AlterTable,
  part: AlterTablePart,
  { options = [], location }: Constraint,
): readonly string[] {
  if (options.length === 0) return [];
  const from = text.find("WITH", text.at(location));
  return from === undefined || from >= part.to ? [] : [text.slice(from, text.closing(from + 1))];
}

function list(names: readonly string[]): string {
  return names.map((name) => sqlName(name)).join(", ");
}

function strings(nodes: readonly Node[] = []): readonly string[] {
  return nodes.flatMap((node) => ("String" in node ? [node.String.sval ?? ""] : []));
}
