import type { ColumnDef, Constraint } from "@pgsql/types";
import { isConcurrent } from "./evaluate-concurrent.ts";
import type { QualifiedName } from "../sql/index.ts";
import type { WayOut } from "./finding.ts";
import { requiredColumnLater } from "./fix-required-column.ts";
import type { Rule, StatementInput, Verdict } from "./rule.ts";
import { isEmptyBySizes } from "./size-words.ts";

export const failsOnRows: Rule = {
  id: "fails-on-rows",
  title: "Fails when the table has rows, or rows of a kind",
  severity: "warning",
  kind: "hazard",
  axis: "failures",
  *statement(input): Iterable<Verdict> {
    if (input.session.failed || leftAlone.has(input.statement.kind) || onlyChecks(input)) return;
    for (const failure of input.effect.failures) {
      if (failure.when !== "on-rows" || !mayHaveRows(input, failure.relation)) continue;
      // What a program raises by itself is its author's own check.
      if (failure.sqlState?.startsWith("P0") === true) continue;
      const table = failure.relation ?? "its table";
      if (failure.sqlState === "55006") {
        yield { at: input, ...inUse(table, failure.message) };
        return;
      }
      const required = addsRequiredColumn(input);
      yield {
        at: input,
        ...(required ? { severity: "error" as const } : {}),
        message: required
          ? `fails as soon as ${table} has one row: ${failure.message}`
          : `fails when the rows of ${table} do not fit: ${failure.message}`,
        why: required
          ? "the rows that are there have no value for the new column, and it may not be null"
          : "Postgres looks at every row before it accepts the change; a database with little data proves nothing",
        wayOut: required ? requiredWayOut(input) : rowsWayOut,
      };
      return;
    }
  },
};

/** Rows that the transaction changed are looked up at its end, and until then the table is in use. */
function inUse(table: QualifiedName, failure: string): Pick<Verdict, "message" | "why" | "wayOut"> {
  return {
    message: `fails when the transaction has changed rows of ${table} before: ${failure}`,
    why: "what a deferred foreign key has put off to the end of the transaction waits on the table",
    wayOut: {
      text: "Have the rows looked up before it, or change the table in a transaction of its own.",
      code: "SET CONSTRAINTS ALL IMMEDIATE;",
    },
  };
}

/** False for a relation that the file made itself, and for one that the sizes show to be empty. */
function mayHaveRows(
  { world, existing, context }: StatementInput,
  name: QualifiedName | undefined,
): boolean {
  if (name === undefined) return true;
  const relation = world.relations.get(name);
  return (relation === undefined || existing.has(relation.id)) && !isEmptyBySizes(context, name);
}

/**
 * Whether their rows fit is a question of their own data, which the catalog does not answer. A unique index fails
 * without harm; that it blocks while it is built is another rule's matter.
 */
const leftAlone = new Set([
  "CallStmt",
  "CopyStmt",
  "DeleteStmt",
  "IndexStmt",
  "InsertStmt",
  "MergeStmt",
  "SelectStmt",
  "UpdateStmt",
]);

/** Statements whose purpose is to find out, and that leave everything as it was when rows do not fit. */
function onlyChecks({ statement }: StatementInput): boolean {
  if (isConcurrent(statement)) return true;
  const { node } = statement;
  if ("AlterDomainStmt" in node) return node.AlterDomainStmt.subtype === "V";
  return (
    "AlterTableStmt" in node &&
    (node.AlterTableStmt.cmds ?? []).every(
      (cmd) => "AlterTableCmd" in cmd && cmd.AlterTableCmd.subtype === "AT_ValidateConstraint",
    )
  );
}

/** True for ADD COLUMN … NOT NULL without anything that gives the rows that are there a value. */
export function addsRequiredColumn({
  statement: { node },
  effect,
}: Pick<StatementInput, "statement" | "effect">): boolean {
  if (!effect.failures.some(({ when, sqlState }) => when === "on-rows" && sqlState === "23502"))
    return false;
  return (
    "AlterTableStmt" in node &&
    (node.AlterTableStmt.cmds ?? []).some((cmd) => {
      const def = "AlterTableCmd" in cmd ? cmd.AlterTableCmd.def : undefined;
      return def !== undefined && "ColumnDef" in def && isRequired(def.ColumnDef);
    })
  );
}

function isRequired({ constraints = [] }: ColumnDef): boolean {
  const kinds = constraints.flatMap((node) =>
    "Constraint" in node && !isNullDefault(node.Constraint) ? [node.Constraint.contype] : [],
  );
  const demands = kinds.includes("CONSTR_NOTNULL") || kinds.includes("CONSTR_PRIMARY");
  const gives = ["CONSTR_DEFAULT", "CONSTR_IDENTITY", "CONSTR_GENERATED"] as const;
  return demands && !gives.some((kind) => kinds.includes(kind));
}

function isNullDefault({ contype, raw_expr: value }: Constraint): boolean {
  const isNull = value !== undefined && "A_Const" in value && value.A_Const.isnull === true;
  return contype === "CONSTR_DEFAULT" && isNull;
}

function requiredWayOut(input: StatementInput): WayOut {
  if (dropsColumn(input))
    return {
      text: "Give it a constant DEFAULT, which is instant; or add it without NOT NULL in a migration of its own, let the release write it, fill the rows in batches, and require it then. Drop the old column last: the rows may have to be filled from it.",
      needsPlan: true,
    };
  return {
    text: "Give it a constant DEFAULT, which is instant; or add it without NOT NULL, let the release write it, fill the rows in batches, and require it then.",
    ...requiredColumnLater(input),
    needsPlan: true,
  };
}

/** What is dropped in the same statement would be gone before the rows are filled. */
function dropsColumn({ statement: { node } }: StatementInput): boolean {
  return (
    "AlterTableStmt" in node &&
    (node.AlterTableStmt.cmds ?? []).some(
      (cmd) => "AlterTableCmd" in cmd && cmd.AlterTableCmd.subtype === "AT_DropColumn",
    )
  );
}

const rowsWayOut: WayOut = {
  text: "Look for such rows on production, or try it on a clone of it, and correct them in a migration before this one.",
};
