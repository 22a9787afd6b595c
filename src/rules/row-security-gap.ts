import {
  findRelation,
  hasRowSecurity,
  relationName,
  type Relation,
  searchPathOf,
} from "../effects/index.ts";
import type { QualifiedName } from "../sql/index.ts";
import type { CheckedStatement, FileInput, Rule, Settled } from "./rule.ts";
import { sqlRelation } from "./sql-names.ts";
import { subjectOf } from "./subject.ts";

/** Fewest tables from which a habit of the schema can be read, and how many of ten must keep it. */
const habit = { tables: 3, ofTen: 9 } as const;

/** New tables without row security in a schema that has it, and row security that lets nobody through. */
export const rowSecurityGap: Rule = {
  id: "row-security-gap",
  title: "Leaves a gap in row security",
  severity: "warning",
  kind: "hazard",
  kinds: ["AlterTableStmt", "CreateStmt"],
  *file(input) {
    let secured: ReadonlySet<string> | undefined;
    for (const at of input.statements) {
      const table = newTable(input, at);
      if (table?.rowSecurity === false && (secured ??= schemasWithIt(input)).has(table.schema))
        yield {
          at,
          settled: securedLater(relationName(table)),
          message: `${sqlRelation(table)} has no row security, but the other tables of ${table.schema} have it`,
          why: "whoever may read the table sees every row of it; where the API talks to the database with the user's own role, that is every customer's rows",
          wayOut: {
            text: "Enable it in the same file and add the policies that the other tables have.",
          },
        };
      const closed = table ?? enabledHere(input, at);
      if (closed?.rowSecurity === true && closed.policies.length === 0)
        yield {
          at,
          // Of a table that is in use nobody sees a row until that file has run.
          ...(table === undefined ? {} : { settled: openedLater(relationName(table)) }),
          message: `${sqlRelation(closed)} has row security but no policy: nobody but its owner sees a row`,
          why: "without a policy the default is to deny: SELECT returns nothing, without an error, and INSERT fails with 42501 (measured on 14 and 18); a release that runs as another role than the owner finds the table empty",
          wayOut: {
            text: "Create the policies in the same transaction, before row security is enabled.",
          },
        };
    }
  },
};

function newTable(input: FileInput, at: CheckedStatement): Relation | undefined {
  const { node } = at.statement;
  if (!("CreateStmt" in node)) return undefined;
  const { relname = "", schemaname } = node.CreateStmt.relation ?? {};
  const name = { schema: schemaname, name: relname };
  const table = findRelation(input.world, name, searchPathOf(at.session));
  const isNew = table !== undefined && !input.existing.has(table.id);
  // Policies of a partitioned table hold for queries through it; partitions are seldom read by themselves.
  return isNew && table.persistence !== "temporary" && table.partitionOf === undefined
    ? table
    : undefined;
}

function enabledHere(input: FileInput, at: CheckedStatement): Relation | undefined {
  const { node } = at.statement;
  if (!("AlterTableStmt" in node) || node.AlterTableStmt.relation === undefined) return undefined;
  const { relation, cmds = [] } = node.AlterTableStmt;
  const enables = cmds.some(
    (cmd) => "AlterTableCmd" in cmd && cmd.AlterTableCmd.subtype === "AT_EnableRowSecurity",
  );
  if (!enables) return undefined;
  const table = subjectOf({ ...input, session: at.session }, relation);
  return table.existed ? table.relation : undefined;
}

/** Schemas whose tables, those that the file found, have row security. */
function schemasWithIt({ world, existing }: FileInput): ReadonlySet<string> {
  if (!hasRowSecurity(world)) return new Set();
  const counts = new Map<string, { tables: number; secured: number }>();
  for (const { id, schema, kind, partitionOf, rowSecurity } of world.relations.values()) {
    const isTable = kind === "table" || kind === "partitioned table";
    if (!isTable || partitionOf !== undefined || !existing.has(id)) continue;
    const count = counts.get(schema) ?? { tables: 0, secured: 0 };
    counts.set(schema, count);
    count.tables++;
    if (rowSecurity) count.secured++;
  }
  const usesIt = [...counts].filter(
    ([, { tables, secured }]) => tables >= habit.tables && secured * 10 >= tables * habit.ofTen,
  );
  return new Set(usesIt.map(([schema]) => schema));
}

function securedLater(table: QualifiedName): Settled {
  return ({ relations }) => relations.get(table)?.rowSecurity !== false;
}

/** Policies came in a later file of the run, or row security went again. */
function openedLater(table: QualifiedName): Settled {
  return ({ relations }) => {
    const last = relations.get(table);
    return last === undefined || !last.rowSecurity || last.policies.length > 0;
  };
}
