import { qualifiedName, type Table } from "../../../catalog/index.ts";
import { quoteIdent } from "../../../sql/index.ts";
import { dualWriteObstacle } from "../../dual-write-obstacle.ts";
import { isConstrained } from "../../domains.ts";
import { columnIn, sqlName, tableIn } from "../../lookup.ts";
import type { OperationInput } from "../operation.ts";
import type { ColumnChange } from "./facts.ts";
import { referrersOf } from "./foreign-keys.ts";

/** What has no second form that could exchange places with the first. */
export function obstacle(
  change: ColumnChange,
  { start, existed }: OperationInput,
): string | undefined {
  const { table, column } = change;
  const name = quoteIdent(column.name);
  const first = tableIn(start, table);
  const same = first && columnIn(first, column.name);
  if (same === undefined || !existed(table))
    return `${name} was renamed or made by the same migration`;
  if (same.type.text !== column.type.text) return `the same migration changes ${name} twice`;
  if (table.kind === "foreign")
    return "a foreign table has neither triggers that compute rows nor indexes";
  if (table.kind !== "table" || table.inherits.length > 0 || hasChildren(change, table))
    return `${sqlName(table)} has partitions or children: their indexes and keys would have to change places together`;
  if (isConstrained(change.after, change.columnAfter.type))
    return `the domain ${change.columnAfter.type.text} has a constraint: a column of it is added by writing the whole table again while nobody can read it`;
  if (column.generated !== null) return `${name} is generated: it cannot be computed by a trigger`;
  const unsynced = dualWriteObstacle(start, table, [column.name]);
  if (unsynced !== undefined) return unsynced.why;
  const constraints = change.tableAfter.constraints;
  if (constraints.some((one) => one.kind === "exclusion" && one.columns.includes(column.name)))
    return `${name} is in an exclusion constraint, whose index cannot be built while rows are written`;
  const partitioned = referrersOf(change).find((one) => one.table.kind === "partitioned");
  if (partitioned !== undefined && change.major < 18)
    return `the partitioned table ${sqlName(partitioned.table)} refers to ${name}, and before Postgres 18 it cannot have a second foreign key that is validated later`;
  return undefined;
}

function hasChildren({ before }: ColumnChange, { schema, name }: Table): boolean {
  const key = qualifiedName(schema, name);
  return Object.values(before.tables).some(
    ({ inherits, partitionOf }) => inherits.includes(key) || partitionOf?.table === key,
  );
}
