import { findRelation, indexesOf, type Relation, searchPathOf } from "../effects/index.ts";
import { StatementSource } from "./fix-source.ts";
import type { CheckedStatement, FileInput, Rule, Verdict } from "./rule.ts";
import { sqlName } from "./sql-names.ts";
import { partsOf, subjectOf } from "./subject.ts";

/** CREATE INDEX CONCURRENTLY IF NOT EXISTS: a failed build leaves an index of that name, and the retry keeps it. */
export const invalidIndexKept: Rule = {
  id: "invalid-index-kept",
  title: "Keeps an invalid index when it is run again",
  severity: "warning",
  kind: "hazard",
  kinds: ["IndexStmt"],
  *file(input) {
    for (const at of input.statements) {
      const { node } = at.statement;
      if (!("IndexStmt" in node)) continue;
      const { concurrent, if_not_exists: ifNotExists, idxname = "", relation } = node.IndexStmt;
      if (concurrent !== true || ifNotExists !== true || relation === undefined) continue;
      const scope = { world: input.world, existing: input.existing, session: at.session };
      const table = subjectOf(scope, relation);
      if (!table.existed || droppedBefore(input, at, idxname)) continue;
      const index = indexNamed(input, at, table.relation, idxname);
      const existed = index !== undefined && input.existing.has(index.id);
      if (existed && index.index?.valid !== false) continue;
      yield verdict(input, at, relation.schemaname, existed);
    }
  },
};

function verdict(
  input: FileInput,
  at: CheckedStatement,
  schema: string | undefined,
  existed: boolean,
): Verdict {
  const text = new StatementSource(input.text, at.statement);
  const word = text.find("IF")!;
  // IF NOT EXISTS name: the name is the fourth token.
  const name = text.slice(word + 3, word + 4);
  const qualified = schema === undefined ? name : `${sqlName(schema)}.${name}`;
  const drop = `DROP INDEX CONCURRENTLY IF EXISTS ${qualified};`;
  const [start, end] = [text.tokens[word]!.start, text.tokens[word + 3]!.start];
  const { file } = at;
  const create = `${text.slice(0, word)} ${text.slice(word + 3, text.tokens.length)};`;
  const without = { file, start, end, text: "" };
  return {
    at,
    severity: existed ? "error" : "warning",
    message: existed
      ? `${qualified} is already there and is invalid: this statement skips it and succeeds`
      : `if this build fails, ${qualified} stays behind as an invalid index, and the next run keeps it`,
    why: "IF NOT EXISTS looks at the name only: after a failed CREATE INDEX CONCURRENTLY it says NOTICE “already exists, skipping”, and no query uses the index, a unique one may enforce nothing, and ON CONFLICT fails for want of it (measured on 14 and 18)",
    wayOut:
      input.transaction === "query"
        ? {
            text: `Build without IF NOT EXISTS: a retry then fails instead of keeping it. ${file} is sent as one query, in which CONCURRENTLY has to be alone: what a failed attempt leaves is dropped by hand before the retry, with DROP INDEX CONCURRENTLY.`,
            code: create,
            ...(existed ? {} : { edits: [without] }),
          }
        : {
            text: "Drop what a failed attempt may have left, then build without IF NOT EXISTS.",
            code: `${drop}\n\n${create}`,
            edits: [
              { file, start: at.statement.start, end: at.statement.start, text: `${drop}\n` },
              without,
            ],
          },
  };
}

function droppedBefore(input: FileInput, at: CheckedStatement, index: string): boolean {
  return input.statements.some(({ statement }) => {
    if (statement.index >= at.statement.index || !("DropStmt" in statement.node)) return false;
    const { removeType, objects = [] } = statement.node.DropStmt;
    return removeType === "OBJECT_INDEX" && objects.some((one) => partsOf(one).at(-1) === index);
  });
}

function indexNamed(
  input: FileInput,
  at: CheckedStatement,
  table: Relation | undefined,
  name: string,
): Relation | undefined {
  return table === undefined
    ? findRelation(input.world, { name }, searchPathOf(at.session))
    : indexesOf(input.world, table.id).find((index) => index.name === name);
}
