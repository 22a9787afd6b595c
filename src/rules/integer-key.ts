import { byId, sequencesOf, type Relation, type WorldColumn } from "../effects/index.ts";
import { qualifiedName } from "../sql/index.ts";
import { tableGivenKeys } from "./added-constraints.ts";
import { listWords } from "./evaluate-locks.ts";
import type { Rule, StatementInput, Verdict } from "./rule.ts";
import { rowWords, sizeOf } from "./size-words.ts";
import { subjectOf } from "./subject.ts";

/** Largest value of a type (manual 8.1.1). */
const largest: ReadonlyMap<string, number> = new Map([
  ["int2", 32_767],
  ["int4", 2_147_483_647],
]);

/** New keys of two or four bytes: they run out, or cannot hold the keys that they refer to. */
export const integerKey: Rule = {
  id: "integer-key",
  title: "Makes a key that runs out of numbers",
  severity: "info",
  kind: "hazard",
  kinds: ["AlterTableStmt", "CreateStmt"],
  statement(input) {
    const { after: world, existing, session } = input;
    const range = tableGivenKeys(input.statement);
    if (range === undefined) return [];
    const table = subjectOf({ world, existing, session }, range).relation;
    if (table === undefined || table.persistence === "temporary") return [];
    if (!table.columns.some(({ type }) => largest.has(type.name))) return [];
    return [...narrowReferences(input, table), ...ownKeys(input, table)];
  },
};

/** Foreign key columns whose type holds fewer values than the referenced key's. */
function* narrowReferences(input: StatementInput, table: Relation): Generator<Verdict> {
  for (const constraint of table.constraints) {
    if (constraint.kind !== "foreign-key") continue;
    const { columns } = constraint;
    if (!table.columns.some(({ name, type }) => largest.has(type.name) && columns.includes(name)))
      continue;
    const parent = byId(input.after, constraint.references.table);
    for (const [index, name] of constraint.columns.entries()) {
      const column = table.columns.find((one) => one.name === name);
      const key = parent?.columns.find((one) => one.name === constraint.references.columns[index]);
      if (column === undefined || key === undefined || !isNarrower(column, key)) continue;
      const before = byId(input.world, table.id);
      if (before?.constraints.some((one) => one.name === constraint.name) === true) break;
      const own = qualifiedName(table.schema, table.name, name);
      const other = qualifiedName(parent!.schema, parent!.name, key.name);
      yield {
        at: input,
        severity: "warning",
        message: `${own} is ${words(column)} but refers to ${other}, which is ${words(key)}`,
        why: `the first row that refers to a key above ${largest.get(column.type.name)!.toLocaleString("en-US")} fails with 22003 (${words(column)} out of range); changing the type then rewrites the table under ACCESS EXCLUSIVE`,
        wayOut: { text: `Declare ${own} ${words(key)}.` },
      };
    }
  }
}

/** Primary keys of one small integer, and columns that a sequence fills. */
function* ownKeys(input: StatementInput, table: Relation): Generator<Verdict> {
  if (!mayHaveKeys(table, input.after)) return;
  const narrow = keyColumns(table, input.after).flatMap((name) => {
    const column = table.columns.find((one) => one.name === name);
    return column !== undefined && largest.has(column.type.name) && !column.type.array
      ? [column]
      : [];
  });
  if (narrow.length === 0) return;
  const before = byId(input.world, table.id);
  const known = new Set(before === undefined ? [] : keyColumns(before, input.world));
  const small = narrow.filter(({ name }) => !known.has(name));
  const [first] = small;
  if (first === undefined) return;
  const name = qualifiedName(table.schema, table.name);
  const size = sizeOf(input.context, name);
  const limit = largest.get(first.type.name)!;
  const nearFull = size !== undefined && size.rows > limit / 2;
  const rows = size === undefined ? "" : `; it has ${rowWords(size.rows)} already`;
  yield {
    at: input,
    severity: nearFull ? "warning" : "info",
    message: `${listWords(small.map((one) => `${name}.${qualifiedName(one.name)}`))} ${small.length > 1 ? "are" : "is"} ${words(first)}: its numbers end at ${limit.toLocaleString("en-US")}`,
    why: `rollbacks and ON CONFLICT use numbers up too; at the end every INSERT fails (2200H, or 22003), and the way to bigint rewrites the table and whatever refers to it${rows}`,
    wayOut: {
      text: "Declare it bigint (bigserial, bigint GENERATED … AS IDENTITY) from the start.",
    },
  };
}

/** False where no column that runs out of numbers can be among the keys, which costs less than to list them. */
function mayHaveKeys({ id, columns, constraints }: Relation, world: StatementInput["world"]) {
  const narrow = columns.filter(({ type }) => largest.has(type.name) && !type.array);
  return (
    narrow.some(({ identity }) => identity !== undefined) ||
    constraints.some(
      (one) => one.kind === "primary-key" && narrow.some(({ name }) => one.columns.includes(name)),
    ) ||
    (narrow.length > 0 &&
      sequencesOf(world, id).some(({ ownedBy }) =>
        narrow.some(({ name }) => name === ownedBy?.column),
      ))
  );
}

function keyColumns(table: Relation, world: StatementInput["world"]): readonly string[] {
  const referring = table.constraints.flatMap((constraint) =>
    constraint.kind === "foreign-key" ? constraint.columns : [],
  );
  const primary = table.constraints.flatMap((constraint) =>
    constraint.kind === "primary-key" && constraint.columns.length === 1 ? constraint.columns : [],
  );
  const filled = sequencesOf(world, table.id).flatMap(({ ownedBy }) => ownedBy?.column ?? []);
  const identity = table.columns.flatMap(({ name, identity }) => (identity ? [name] : []));
  // A key that refers to another table is as wide as that one's.
  const own = primary.filter((name) => !referring.includes(name));
  return [...new Set([...own, ...filled, ...identity])];
}

function isNarrower(column: WorldColumn, key: WorldColumn): boolean {
  const widths = ["int2", "int4", "int8"];
  const [own, other] = [widths.indexOf(column.type.name), widths.indexOf(key.type.name)];
  return own >= 0 && own < other;
}

function words({ type }: WorldColumn): string {
  return { int2: "smallint", int4: "integer", int8: "bigint" }[type.name] ?? type.name;
}
