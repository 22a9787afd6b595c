import {
  findRelation,
  indexesOf,
  relationName,
  searchPathOf,
  type IndexFacts,
  type Relation,
} from "../effects/index.ts";
import type { Edit, WayOut } from "./finding.ts";
import { StatementSource } from "./fix-source.ts";
import type { CheckedStatement, FileInput, Rule } from "./rule.ts";
import { sqlName, sqlRelation } from "./sql-names.ts";
import { partsOf, subjectOf } from "./subject.ts";

/** An index that goes before the one that takes its place is there. */
export const unindexedWindow: Rule = {
  id: "unindexed-window",
  title: "Drops an index before another takes its place",
  severity: "warning",
  kind: "hazard",
  kinds: ["DropStmt"],
  *file(input) {
    for (const at of input.statements) {
      const dropped = droppedIndex(input, at);
      const made = dropped === undefined ? undefined : successor(input, at, dropped);
      if (dropped === undefined || made === undefined) continue;
      const { table, index, facts } = dropped;
      yield {
        at,
        message: `no index of ${relationName(table)} begins with ${sqlName(facts.columns[0]!)} until that of line ${made.statement.line} is built`,
        why: `${index.name} is gone as soon as this statement commits, and its successor is used only when its build has ended: until then every query that needs one of them reads the whole table, the build among much else, and when the build fails that lasts`,
        wayOut: wayOut(input, at, made, dropped),
      };
    }
  },
};

interface Dropped {
  readonly table: Relation;
  readonly index: Relation;
  readonly facts: IndexFacts;
}

/** The only index that a DROP INDEX names, when it was there before the file and could be used. */
function droppedIndex(input: FileInput, { statement, session }: CheckedStatement) {
  const { node } = statement;
  if (!("DropStmt" in node) || node.DropStmt.removeType !== "OBJECT_INDEX") return undefined;
  const [object, ...others] = node.DropStmt.objects ?? [];
  if (object === undefined || others.length > 0) return undefined;
  const [name = "", schema] = partsOf(object).toReversed();
  const index = findRelation(input.before, { schema, name }, searchPathOf(session));
  const facts = index?.index;
  if (facts === undefined || !facts.valid || facts.columns[0] === undefined) return undefined;
  const table = [...input.world.relations.values()].find(({ id }) => id === facts.table);
  const isThere = table !== undefined && input.existing.has(table.id);
  return isThere ? { table, index: index!, facts } : undefined;
}

/**
 * The later statement, of another transaction, that builds an index with the same first column; undefined when an index
 * that begins with it is there all the time.
 */
function successor(
  input: FileInput,
  at: CheckedStatement,
  { table, index, facts }: Dropped,
): CheckedStatement | undefined {
  const stays = indexesOf(input.before, table.id).some(
    (other) =>
      other.id !== index.id &&
      other.index?.valid === true &&
      other.index.predicate === undefined &&
      other.index.columns[0] === facts.columns[0] &&
      indexesOf(input.world, table.id).some(({ id }) => id === other.id),
  );
  const builds = input.statements.filter((one) => buildsLike(input, one, table, facts));
  const isEarly = builds.some(({ statement }) => statement.index < at.statement.index);
  if (stays || isEarly) return undefined;
  return builds.find(
    ({ session }) => !session.inTransaction || session.transaction !== at.session.transaction,
  );
}

function buildsLike(
  input: FileInput,
  { statement: { node }, session }: CheckedStatement,
  table: Relation,
  { columns }: IndexFacts,
): boolean {
  if (!("IndexStmt" in node) || node.IndexStmt.relation === undefined) return false;
  const [first] = node.IndexStmt.indexParams ?? [];
  const begins = first !== undefined && "IndexElem" in first && first.IndexElem.name === columns[0];
  const scope = { world: input.world, existing: input.existing, session };
  return begins && subjectOf(scope, node.IndexStmt.relation).relation?.id === table.id;
}

/** Statements that an index may be built before as well as after. */
const unrelated: ReadonlySet<string> = new Set(["CommentStmt", "IndexStmt", "VariableSetStmt"]);

/** The two statements in each other's place; the new index gets the old one's name at the end where it had it. */
function wayOut(
  input: FileInput,
  at: CheckedStatement,
  made: CheckedStatement,
  { index }: Dropped,
): WayOut {
  const text =
    "Build the new index first, under a name of its own, then drop the old one, and rename the new one if it is to have the old name.";
  const { node } = made.statement;
  const [drop, build] = [at, made].map(
    ({ statement }) => new StatementSource(input.text, statement),
  );
  if (!("IndexStmt" in node) || node.IndexStmt.if_not_exists === true) return { text };
  const name = node.IndexStmt.idxname;
  const isSameName = name === index.name;
  const place = build!.find("INDEX")! + (node.IndexStmt.concurrent === true ? 2 : 1);
  const fresh = sqlName(`${index.name}_new`);
  const first = isSameName
    ? `${build!.slice(0, place)} ${fresh} ${build!.slice(place + 1, build!.tokens.length)}`
    : build!.sql;
  const renamed = sqlRelation({ schema: index.schema, name: `${index.name}_new` });
  const rename = `ALTER INDEX ${renamed} RENAME TO ${sqlName(index.name)}`;
  const second = isSameName ? `${drop!.sql};\n${rename}` : drop!.sql;
  const edit = ({ statement, file }: CheckedStatement, end: number, sql: string): Edit => ({
    file,
    start: statement.start,
    end,
    text: sql,
  });
  const between = input.statements.slice(at.statement.index + 1, made.statement.index);
  const mayPass = between.every(({ statement }) => unrelated.has(statement.kind));
  return {
    text,
    code: `${first};\n\n${second};`,
    ...(mayPass ? { edits: [edit(at, drop!.end, first), edit(made, build!.end, second)] } : {}),
  };
}
