import { hasShim } from "./releases/shim.ts";
import { standingBreaks } from "./releases/standing.ts";
import { words } from "./releases/words.ts";
import type { Severity, WayOut } from "./finding.ts";
import type { CheckedStatement, FileInput, Rule, Verdict } from "./rule.ts";
import { sqlName, sqlRelation } from "./sql-names.ts";
import type { Break } from "../effects/index.ts";

/** What a release that still runs would no longer find as it expects it. */
export const breaksRunningRelease: Rule = {
  id: "breaks-running-release",
  title: "Breaks the release that still runs",
  severity: "error",
  kind: "hazard",
  *file(input): Iterable<Verdict> {
    for (const at of input.statements) {
      const breaks = standingBreaks(input, at);
      const open = breaks.filter((one) => !hasShim(input, at, one));
      const [first] = open.sort(bySeverity);
      if (first !== undefined) yield verdict(input, at, first, open.length - 1);
      else if (breaks.length > 0) yield shimmed(at, breaks[0]!);
    }
  },
};

function verdict(input: FileInput, at: CheckedStatement, first: Break, others: number): Verdict {
  const { severity, message, why, wayOut } = words(first);
  const more = others === 0 ? "" : `, and ${others} more`;
  return {
    at,
    severity,
    message: `${message}${more}`,
    why,
    wayOut: renameShim(input, at, first) ?? wayOut,
  };
}

/** A view of the old name, in the same transaction, keeps plain queries of the old release going. */
function renameShim(input: FileInput, at: CheckedStatement, { how }: Break): WayOut | undefined {
  const { node } = at.statement;
  if (how !== "renamed" || !("RenameStmt" in node)) return undefined;
  const { renameType, relation, newname } = node.RenameStmt;
  if (renameType !== "OBJECT_TABLE" || relation?.relname === undefined || newname === undefined)
    return undefined;
  const renamed = [...input.world.relations.values()].find(
    ({ name, id }) => name === newname && input.existing.has(id),
  );
  if (renamed === undefined) return undefined;
  const old = { schema: renamed.schema, name: relation.relname };
  const both = `ALTER TABLE ${sqlRelation(old)} RENAME TO ${sqlName(newname)};\nCREATE VIEW ${sqlRelation(old)} AS SELECT * FROM ${sqlRelation(renamed)};`;
  const isOneAnyway = at.session.inTransaction || input.transaction === "query";
  return {
    text: "Leave the table's name and change it in the code, or let a view carry the old name until the last older instance is gone; it lasts for SELECT, INSERT, UPDATE and DELETE, but not for all that a table can do.",
    code: isOneAnyway ? both : `BEGIN;\n${both}\nCOMMIT;`,
    needsPlan: true,
  };
}

function shimmed(at: CheckedStatement, { object }: Break): Verdict {
  return {
    at,
    severity: "info",
    message: `${object} goes on as a view: most queries of the release that runs work, some do not`,
    why: "SELECT, INSERT, UPDATE, DELETE, ON CONFLICT and FOR UPDATE work through it; GROUP BY the primary key alone (42803), COPY, TRUNCATE, ctid and xmin (42703) and foreign keys to it (42809) fail, and privileges of the table do not hold for the view until they are granted (measured on 14 and 18)",
    wayOut: {
      text: "Grant the view what the table had, and drop it when the last older instance is gone.",
    },
  };
}

const order: readonly Severity[] = ["error", "warning", "info"];

function bySeverity(a: Break, b: Break): number {
  return order.indexOf(words(a).severity) - order.indexOf(words(b).severity);
}
