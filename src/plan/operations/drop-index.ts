import { diff, qualifiedName, type Catalog, type Index, type Table } from "../../catalog/index.ts";
import { quoteQualified } from "../../sql/index.ts";
import { tableIn, writtenName, type WrittenName } from "../lookup.ts";
import { outside, transaction, type PlannedOperation, type Step } from "../model.ts";
import { plannedUntilGone, untilGone } from "../outgoing-unique.ts";
import { keysAlong } from "./keys-along.ts";
import type { OperationInput, Recognised } from "./operation.ts";

/**
 * `DROP INDEX`: the old release may be fast, or know what conflicts, by it alone. One that is made anew under its name
 * goes when the other one is there.
 */
export async function dropIndex(input: OperationInput): Promise<Recognised | undefined> {
  const { statement, before, after, start, following, existed, searchPath } = input;
  const { node } = statement;
  if (!("DropStmt" in node) || node.DropStmt.removeType !== "OBJECT_INDEX") return undefined;
  const found = (node.DropStmt.objects ?? []).flatMap((object) => {
    const parts = "List" in object ? (object.List.items ?? []) : [];
    return ownerOf(before, writtenName(parts), searchPath) ?? [];
  });
  const wasThere = ({ table }: Owned) =>
    existed(table) || qualifiedName(table.schema, table.name) in start.materializedViews;
  if (found.length === 0 || !found.every(wasThere)) return undefined;
  const dropped = await diff(before, after);
  const cascades = dropped.some(({ kind }) => kind !== "missing-index");
  const isReplaced = ({ table, index }: Owned) =>
    !cascades &&
    following.some((next) => {
      const name = { schemaname: table.schema, relname: index.name };
      const made = ownerOf(next.after, name, searchPath);
      const isMade = made !== undefined && ownerOf(next.before, name, searchPath) === undefined;
      return isMade && "IndexStmt" in next.statement.node && wasThere(made);
    });
  const steps = found.flatMap((owned): readonly Step[] => {
    if (isReplaced(owned)) return [];
    const title = titleOf(owned);
    const name = nameOf(owned);
    const cascade = cascades ? " CASCADE" : "";
    return [
      cascades || owned.isPartitioned
        ? transaction(title, [`DROP INDEX IF EXISTS ${name}${cascade}`])
        : outside(title, `DROP INDEX CONCURRENTLY IF EXISTS ${name}`),
    ];
  });
  const along = keysAlong(before, after);
  const unique = found.filter((owned) => owned.index.unique && !isReplaced(owned));
  const planned: PlannedOperation = {
    narrow: steps,
    notes: [
      ...unique.map(
        (owned) =>
          `${titleOf(owned)}: in the contract phase only, for the old release may find rows by it or name it in ON CONFLICT; until then the new release cannot write what it refuses`,
      ),
      ...along.notes,
    ],
    exemptions: [
      ...unique.map(
        ({ table: { schema, name } }) =>
          ({ kind: "refuses-duplicates", relation: qualifiedName(schema, name) }) as const,
      ),
      ...along.exemptions,
    ],
  };
  const guards = await Promise.all(
    unique.flatMap(({ table, index }) => {
      const of = tableIn(before, table);
      return of === undefined ? [] : [untilGone(input, of, index.name)];
    }),
  );
  return { title: found.map(titleOf).join(", "), planned: plannedUntilGone(planned, ...guards) };
}

function nameOf({ table, index }: Owned): string {
  return quoteQualified(table.schema, index.name);
}

function titleOf(owned: Owned): string {
  return `drop index ${nameOf(owned)}`;
}

interface Owned {
  readonly table: Pick<Table, "schema" | "name">;
  readonly index: Index;
  /** It has parts: neither can be dropped concurrently. */
  readonly isPartitioned: boolean;
}

function ownerOf(
  { tables, materializedViews }: Catalog,
  { schemaname, relname }: WrittenName,
  searchPath: readonly string[],
): Owned | undefined {
  const relations = [...Object.values(tables), ...Object.values(materializedViews)];
  for (const schema of schemaname === undefined ? searchPath : [schemaname])
    for (const table of relations) {
      const index = table.indexes.find(({ name }) => name === relname && table.schema === schema);
      if (index !== undefined)
        return { table, index, isPartitioned: "kind" in table && table.kind === "partitioned" };
    }
  return undefined;
}
