import {
  byId,
  findRelation,
  indexesOf,
  type Relation,
  type World,
  searchPathOf,
} from "../effects/index.ts";
import type { CheckedStatement, FileInput, Rule, Verdict } from "./rule.ts";
import { sqlRelation } from "./sql-names.ts";
import { partsOf, subjectOf } from "./subject.ts";

/** A table that had a replica identity before its file and has none after it. */
export const logicalReplicationGap: Rule = {
  id: "logical-replication-gap",
  title: "Leaves a table without a replica identity",
  severity: "warning",
  kind: "hazard",
  kinds: ["AlterTableStmt", "DropStmt"],
  *file(input) {
    const said = new Set<number>();
    for (const at of input.statements) {
      const table = touchedTable(input, at);
      const before = table === undefined ? undefined : byId(input.before, table.id);
      if (table === undefined || before === undefined || said.has(table.id)) continue;
      if (!hasIdentity(before, input.before) || hasIdentity(table, input.world)) continue;
      said.add(table.id);
      yield {
        at,
        ...(isPublished(input.world, table) ? { severity: "error" as const } : {}),
        ...(table.replicaIdentity === "nothing" ? takenOff(table) : lost(table, at)),
        why,
      };
    }
  },
};

type Told = Pick<Verdict, "message" | "wayOut">;

const why =
  "if a publication includes the table, every UPDATE and DELETE of it fails at once with 55000 (cannot update table because it does not have a replica identity and publishes updates; measured on 14 and 18), and change-data capture stops";

function takenOff(table: Relation): Told {
  return {
    message: `${sqlRelation(table)} no longer has a replica identity: NOTHING says that its rows cannot be told apart, whatever keys it has`,
    wayOut: {
      text: "Leave the identity as it is, unless every publication of the table publishes inserts only: DEFAULT is its primary key, USING INDEX another unique index.",
    },
  };
}

function lost(table: Relation, { statement }: CheckedStatement): Told {
  return {
    message: `${sqlRelation(table)} no longer has a replica identity: it has no primary key, nor another index in its place`,
    wayOut: {
      text: "Put the new key in its place in the same statement (DROP CONSTRAINT …, ADD PRIMARY KEY USING INDEX …), or name another identity first.",
      code: `ALTER TABLE ${sqlRelation(table)} REPLICA IDENTITY FULL;\n\n${statement.sql};`,
    },
  };
}

/** In a publication by name, with its schema, with all tables, or as a partition of one that is. */
function isPublished(world: World, table: Relation): boolean {
  if (table.publications.length > 0) return true;
  for (const { allTables, schemas } of world.publications.values())
    if (allTables || schemas.includes(table.schema)) return true;
  const parent = byId(world, table.partitionOf?.parent ?? 0);
  return parent !== undefined && isPublished(world, parent);
}

function touchedTable(input: FileInput, at: CheckedStatement): Relation | undefined {
  const { node } = at.statement;
  if ("DropStmt" in node && node.DropStmt.removeType === "OBJECT_INDEX")
    return tableOfIndex(input, at, partsOf(node.DropStmt.objects?.[0]));
  if (!("AlterTableStmt" in node) || node.AlterTableStmt.relation === undefined) return undefined;
  const table = subjectOf(
    { world: input.world, existing: input.existing, session: at.session },
    node.AlterTableStmt.relation,
  );
  const changes = (node.AlterTableStmt.cmds ?? []).some(
    (cmd) => "AlterTableCmd" in cmd && affecting.has(cmd.AlterTableCmd.subtype ?? ""),
  );
  return changes && table.existed ? table.relation : undefined;
}

function tableOfIndex(
  input: FileInput,
  at: CheckedStatement,
  parts: readonly string[],
): Relation | undefined {
  const [name = "", schema] = parts.toReversed();
  const index = findRelation(input.before, { schema, name }, searchPathOf(at.session));
  return index?.index === undefined ? undefined : byId(input.world, index.index.table);
}

const affecting = new Set<string>(["AT_DropConstraint", "AT_DropColumn", "AT_ReplicaIdentity"]);

/** An identity by an index is gone with the index: DROP INDEX is not refused (relreplident stays `i`). */
function hasIdentity(table: Relation, world: World): boolean {
  const { replicaIdentity } = table;
  if (typeof replicaIdentity === "object")
    return indexesOf(world, table.id).some(({ name }) => name === replicaIdentity.index);
  if (replicaIdentity !== "default") return replicaIdentity === "full";
  return table.constraints.some(({ kind }) => kind === "primary-key");
}
