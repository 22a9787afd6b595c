import type { Rule } from "./rule.ts";

/** What a down migration is missing for, or cannot take back. */
export const noWayBack: Rule = {
  id: "no-way-back",
  title: "Cannot be taken back by a down migration",
  severity: "info",
  kind: "advice",
  *file({ statements, hasDown, file }) {
    const [first] = statements;
    if (hasDown === false && first !== undefined)
      yield {
        at: first,
        message: `${file} has no down file beside it`,
        why: "files of this folder are named .up.sql, and whoever has to go back from this one finds nothing to run",
        wayOut: {
          text: "Write the .down.sql, or say in it that there is no way back: then it is known before the night in which it is needed.",
        },
      };
    for (const at of statements) {
      const { node } = at.statement;
      if (!("AlterEnumStmt" in node) || node.AlterEnumStmt.oldVal !== undefined) continue;
      yield {
        at,
        message: `value ${node.AlterEnumStmt.newVal ?? ""} cannot be taken off the enum again`,
        why: "Postgres has no ALTER TYPE … DROP VALUE: going back means a new type, and a rewrite of every table with a column of it",
        wayOut: {
          text: "Add it when it is sure to stay; a value that nobody writes does no harm, so that a down migration may leave it.",
        },
      };
    }
  },
};
