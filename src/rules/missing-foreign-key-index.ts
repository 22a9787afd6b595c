import {
  findRelation,
  indexesOf,
  relationName,
  type Relation,
  type World,
  searchPathOf,
} from "../effects/index.ts";
import { columnsAdded, columnsOfConstraint, constraintsAdded } from "./added-constraints.ts";
import { codeOf } from "./fix-steps.ts";
import { nameLikeParents, partitionedIndexSteps } from "./partitioned-index-recipe.ts";
import type { QualifiedName } from "../sql/index.ts";
import type { CheckedStatement, FileInput, Rule, Settled, Verdict } from "./rule.ts";
import { sizeOf, sizeWords } from "./size-words.ts";
import { sqlName, sqlRelation } from "./sql-names.ts";
import { nodesOf } from "./tree-search.ts";

/** Rows from which a scan of the child per deleted parent row is felt: 200,000 rows took 30 to 60 ms a row. */
const largeRows = 100_000;

/** A foreign key whose columns lead no index when its file ends. */
export const missingForeignKeyIndex: Rule = {
  id: "missing-foreign-key-index",
  title: "Adds a foreign key without an index",
  severity: "info",
  kind: "hazard",
  kinds: ["AlterTableStmt", "CreateStmt"],
  *file(input) {
    // What is dropped and added again is told once, where it was added last.
    const keys = new Map<string, Key>();
    for (const at of input.statements)
      for (const key of keysAdded(input, at)) {
        const id = [key.child.id, ...key.columns].join("\0");
        keys.delete(id);
        keys.set(id, key);
      }
    for (const key of keys.values()) yield verdict(input, key);
  },
};

/** A foreign key without an index. */
interface Key {
  readonly at: CheckedStatement;
  readonly child: Relation;
  readonly columns: readonly string[];
}

function keysAdded({ world }: FileInput, at: CheckedStatement): readonly Key[] {
  return constraintsAdded(at.statement).flatMap((added) => {
    if (added.constraint.contype !== "CONSTR_FOREIGN") return [];
    const { relname = "", schemaname } = added.relation;
    const child = findRelation(
      world,
      { schema: schemaname, name: relname },
      searchPathOf(at.session),
    );
    const columns = columnsOfConstraint(added);
    if (child === undefined || child.persistence === "temporary") return [];
    const stays = child.constraints.some(
      (one) => one.kind === "foreign-key" && one.columns.join("\0") === columns.join("\0"),
    );
    if ((world.complete && !stays) || hasIndexFor(world, child, columns)) return [];
    return [{ at, child, columns }];
  });
}

function verdict({ world, existing, context }: FileInput, { at, child, columns }: Key): Verdict {
  const table = relationName(child);
  const size = sizeOf(context, table);
  const existed = existing.has(child.id);
  const large = existed && size !== undefined && size.rows >= largeRows;
  const words = large ? ` with ${sizeWords(context, table)!}` : "";
  const index = indexCode(world, at, child, columns, existed);
  const own = `${at.statement.sql};`;
  const made = new Set(columnsAdded(at.statement).map(({ column }) => column.colname));
  // The index comes first, unless the statement makes what it is on.
  const isReady = existed && columns.every((name) => !made.has(name));
  return {
    at,
    settled: indexedLater(table, columns),
    severity: large ? "warning" : "info",
    message: `no index of ${table}${words} begins with the foreign key's columns (${columns.join(", ")})`,
    why: "for each row that is deleted from the referenced table, or whose key is changed, Postgres looks up the referencing rows; without an index it reads the whole table each time, holding its locks: deleting 10 parents of a child with 200,000 rows took 309 ms without an index and 0.6 ms with one (measured on 18)",
    wayOut: {
      text: `Add an index on ${table} (${columns.join(", ")}), unless parents are never deleted nor re-keyed.`,
      code: isReady ? `${index}\n\n${own}` : `${own}\n\n${index}`,
    },
  };
}

/** An index is there by the end of the run, or the table or its key is gone. */
function indexedLater(table: QualifiedName, columns: readonly string[]): Settled {
  return (last) => {
    const child = last.relations.get(table);
    return child === undefined || hasIndexFor(last, child, columns);
  };
}

/** True when the first columns of an index are those of the key, in any order, and every row that matters is in it. */
function hasIndexFor(world: World, table: Relation, key: readonly string[]): boolean {
  return indexesOf(world, table.id).some(({ index }) => {
    if (index === undefined || !index.valid) return false;
    const leading = index.columns.slice(0, key.length);
    return (
      key.every((column) => leading.includes(column)) &&
      (index.predicate === undefined || onlyLeavesNullsOut(index.predicate))
    );
  });
}

/** `WHERE column IS NOT NULL`: what the foreign key looks up is never null, so the planner may use it. */
function onlyLeavesNullsOut(predicate: unknown): boolean {
  const tests = nodesOf(predicate, "NullTest");
  const others = [...nodesOf(predicate, "A_Expr"), ...nodesOf(predicate, "FuncCall")];
  return (
    tests.length > 0 && others.length === 0 && tests.every((t) => t.nulltesttype === "IS_NOT_NULL")
  );
}

function indexCode(
  world: World,
  at: CheckedStatement,
  child: Relation,
  columns: readonly string[],
  existed: boolean,
): string {
  const name = `${child.name}_${columns.join("_")}_idx`;
  const definition = `(${columns.map(sqlName).join(", ")})`;
  const shown = sqlRelation(child);
  const plain = `CREATE INDEX ${existed ? "CONCURRENTLY " : ""}${sqlName(name)} ON ${shown} ${definition};`;
  if (!existed || child.kind !== "partitioned table") return plain;
  const wanted = { table: child, shown, name, unique: false, definition, nameFor: nameLikeParents };
  return codeOf(partitionedIndexSteps(world, wanted)!, at);
}
