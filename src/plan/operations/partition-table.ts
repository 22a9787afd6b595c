import type { Catalog, Table } from "../../catalog/index.ts";
import { sqlName, tableIn } from "../lookup.ts";
import { firstMention } from "../mentions.ts";
import type { NaiveStatement, OperationInput, Refusal } from "./operation.ts";

/**
 * A table made anew as a partitioned one: `CREATE TABLE … PARTITION BY`, a copy of its rows, `DROP TABLE` and `RENAME`, in
 * any order. There is no way for the copy: every row would have to be written twice, under a key that the table does not
 * have, and the two exchanged under everybody's feet. What it is meant for has a way without one.
 */
export function partitionTable(input: OperationInput): Refusal | undefined {
  const { start, goal, following } = input;
  const statements = [input, ...following];
  for (const table of Object.values(start.tables)) {
    const made = tableIn(goal, table);
    if (table.kind !== "table" || made?.kind !== "partitioned") continue;
    const names = namesOf(table, start, statements);
    if (!mentions(input, names)) continue;
    const other = statements.findIndex((one) => !mentions(one, names));
    const size = other < 0 ? statements.length : other;
    const name = sqlName(table);
    const key = made.partitionKey ?? "";
    return {
      title: `make ${name} a table partitioned by ${key}`,
      takes: size - 1,
      refused: {
        why: `the copy reads and writes all rows of ${name} while both releases write them, and a unique key of a partitioned table has the partition key in it: ON CONFLICT and foreign keys that name ${keyOf(table)} alone fail as soon as the tables have exchanged names`,
        instead: insteadOf(table, key),
      },
    };
  }
  return undefined;
}

/** What the table and the partitioned one are called on the way. */
function namesOf(
  { name }: Table,
  { tables }: Catalog,
  statements: readonly NaiveStatement[],
): ReadonlySet<string> {
  const known = new Set(Object.values(tables).map((table) => table.name));
  const made = statements.flatMap(({ after }) =>
    Object.values(after.tables).flatMap((table) =>
      table.kind === "partitioned" && !known.has(table.name) ? [table.name] : [],
    ),
  );
  const renamed = statements.flatMap(({ statement: { node } }) =>
    "RenameStmt" in node && node.RenameStmt.relation?.relname === name
      ? [node.RenameStmt.newname ?? ""]
      : [],
  );
  return new Set([name, ...made, ...renamed]);
}

function mentions({ statement }: NaiveStatement, names: ReadonlySet<string>): boolean {
  return [...names].some((name) => firstMention([{ statement }], name) !== undefined);
}

function keyOf({ constraints }: Table): string {
  const key = constraints.find(({ kind }) => kind === "primary-key");
  return key?.kind === "primary-key" ? `(${key.columns.join(", ")})` : "its key";
}

function insteadOf(table: Table, key: string): readonly string[] {
  const name = sqlName(table);
  return [
    `without a copy, ${name} as the first partition of the new table: in migrations before, a unique index over the key with ${key} in it (CREATE UNIQUE INDEX CONCURRENTLY) and a CHECK of what it will hold (NOT VALID, then VALIDATE); then, in one short transaction, ALTER TABLE ${name} RENAME, CREATE TABLE ${name} (LIKE …) PARTITION BY, ALTER TABLE … ATTACH PARTITION, for which the CHECK saves the scan, and a partition for what comes next`,
    `under a name of its own, which the new release uses for new rows, while it still reads ${name}; old rows are dropped with the old table when nobody needs them`,
    "in a maintenance window, as it is: lockstep check says what it locks, lockstep rehearse for how long",
  ];
}
