import {
  dualWriteStatements,
  type GuardedKey,
  type Mapping,
  type Shadow,
} from "./dual-writes/index.ts";
import { quoteIdent, quoteQualified } from "../sql/index.ts";
import { settleBehind } from "./fill-order.ts";
import { forPeople } from "./wording.ts";
import {
  transaction,
  type Plan,
  type PlannedOperation,
  type Step,
  type TableName,
  type WrittenTable,
} from "./model.ts";

/**
 * Puts operations together: all that is new first, then one set of triggers and one fill for each table, then what
 * needs filled columns; the contract phase begins with one transaction that ends dual writes for all of them.
 *
 * @param searchPath where expressions of the mappings look names up
 * @throws LockstepError `plan-expression`
 */
export async function composePlan(
  id: string,
  operations: readonly PlannedOperation[],
  searchPath: readonly string[],
): Promise<Plan> {
  const all = <T>(part: (operation: PlannedOperation) => readonly T[] | undefined) =>
    operations.flatMap((operation) => part(operation) ?? []);
  const expand: Step[] = all((operation) => operation.expand);
  const fills: Step[] = [];
  const ends: string[] = [];
  for (const { table, mappings, shadows, guarded } of byTable(operations)) {
    const { flag, start, stop, abandon } = await dualWriteStatements({
      plan: id,
      table,
      mappings,
      shadows,
      guarded,
      isPartitioned: table.kind === "partitioned",
      searchPath,
    });
    const name = quoteQualified(table.schema, table.name);
    // One transaction: a row that is written between two of them would pass for filled. What ends them ends all of
    // them, in one transaction with the end of the new columns: what a new release writes there alone would be lost.
    expand.push({
      ...transaction(`dual writes in ${name}`, start),
      undo: [{ kind: "transaction", statements: abandon }],
    });
    fills.push(fillOf(table, flag));
    ends.push(...stop);
  }
  const begin = all((operation) => operation.begin);
  const end = [...begin, ...ends, ...all((operation) => operation.end)];
  const backfill = [
    ...fills,
    ...all((operation) => operation.fills),
    ...all(({ defaults }) => defaults),
    ...operations.flatMap((one, n) => settleBehind(one, operations.slice(0, n))),
  ];
  const contract = [
    ...(end.length === 0 ? [] : [transaction(endTitle(begin, ends), end)]),
    ...all((operation) => operation.narrow),
    ...all((operation) => operation.last),
  ];
  return {
    id,
    expand: expand.map(titled),
    backfill: backfill.map(titled),
    contract: contract.map(titled),
    notes: [
      ...new Set(
        [
          ...all((operation) => operation.notes),
          ...leftNullNotes(all((operation) => operation.leftNull)),
        ].map(forPeople),
      ),
    ],
    remains: [...new Set(all((operation) => operation.remains))],
    exemptions: all((operation) => operation.exemptions),
  };
}

function leftNullNotes(
  columns: readonly { readonly table: TableName; readonly column: string }[],
): readonly string[] {
  const names = new Map<string, string[]>();
  for (const { table, column } of columns) {
    const name = quoteQualified(table.schema, table.name);
    names.set(name, [...(names.get(name) ?? []), quoteIdent(column)]);
  }
  return [...names].map(
    ([name, own]) =>
      `the old release reads NULL as ${[...new Set(own)].join(", ")} of ${name} in rows that the new one inserts`,
  );
}

function titled(step: Step): Step {
  return { ...step, title: forPeople(step.title) };
}

function endTitle(begin: readonly string[], ends: readonly string[]): string {
  return [
    ...(begin.length === 0 ? [] : ["columns change over,"]),
    ...(ends.length === 0 ? [] : ["dual writes end, and"]),
    "what only the old release knows goes",
  ].join(" ");
}

/** Touching a row is enough: the trigger computes what it lacks. */
function fillOf(table: TableName, flag: string): Step {
  const column = quoteIdent(flag);
  return {
    kind: "fill",
    title: `rows of ${quoteQualified(table.schema, table.name)} that nobody has written since`,
    table,
    set: `${column} = 1`,
    todo: `t.${column} = 0`,
    undo: [],
  };
}

interface Written {
  readonly table: WrittenTable;
  readonly mappings: Mapping[];
  readonly shadows: Shadow[];
  readonly guarded: readonly GuardedKey[];
}

function byTable(operations: readonly PlannedOperation[]): Iterable<Written> {
  const tables = new Map<string, Written>();
  const entry = (table: WrittenTable): Written => {
    const key = JSON.stringify([table.schema, table.name]);
    const known = tables.get(key) ?? {
      table,
      mappings: [],
      shadows: [],
      guarded: guardedIn(operations, table),
    };
    tables.set(key, known);
    return known;
  };
  for (const { mappings = [], shadows = [] } of operations) {
    for (const { table, mapping } of mappings) entry(table).mappings.push(mapping);
    for (const { table, shadow } of shadows) entry(table).shadows.push(shadow);
  }
  return tables.values();
}

/** Several operations can read one index. */
function guardedIn(
  operations: readonly PlannedOperation[],
  { schema, name }: TableName,
): readonly GuardedKey[] {
  const twins = operations.flatMap((operation) =>
    (operation.twins ?? []).filter(({ table }) => table.schema === schema && table.name === name),
  );
  const keys = new Map(twins.map(({ key }) => [key.index, key]));
  return [...keys.values()].sort((a, b) =>
    Buffer.compare(Buffer.from(a.index), Buffer.from(b.index)),
  );
}
