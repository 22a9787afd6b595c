import { dualWriteStatements, type Mapping } from "./dual-writes/index.ts";
import type { Plan, PlannedOperation, Step, TableName } from "./model.ts";

/**
 * Puts operations together: all that is new first, then one set of triggers and one fill for each table, then what
 * needs filled columns; the contract phase ends all of them in one transaction.
 *
 * @param searchPath where expressions of the mappings look names up
 */
export async function composePlan(
  id: string,
  operations: readonly PlannedOperation[],
  searchPath: readonly string[],
): Promise<Plan> {
  const expand: Step[] = operations.flatMap((operation) => operation.expand);
  const fills: Step[] = [];
  const ends: string[] = [];
  for (const { table, mappings } of byTable(operations)) {
    const { flag, start, stop } = await dualWriteStatements({
      plan: id,
      table,
      mappings,
      searchPath,
    });
    // What ends them ends all of them: it is the undo of the first step, so that it comes last when going back.
    expand.push(
      ...start.map((statement, n): Step => ({
        kind: "transaction",
        statements: [statement],
        undo: n === 0 ? stop : [],
      })),
    );
    fills.push({ kind: "fill", table, flag });
    ends.push(...stop);
  }
  const contract = [...ends, ...operations.flatMap((operation) => operation.contract)];
  return {
    id,
    expand,
    backfill: [...fills, ...operations.flatMap(({ settle }) => settle)],
    contract:
      contract.length === 0 ? [] : [{ kind: "transaction", statements: contract, undo: [] }],
  };
}

function byTable(operations: readonly PlannedOperation[]) {
  const tables = new Map<string, { readonly table: TableName; readonly mappings: Mapping[] }>();
  for (const { table, mapping } of operations.flatMap(({ mappings }) => mappings)) {
    const key = JSON.stringify([table.schema, table.name]);
    const entry = tables.get(key) ?? { table, mappings: [] };
    entry.mappings.push(mapping);
    tables.set(key, entry);
  }
  return tables.values();
}
