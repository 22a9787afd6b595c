import { relationName } from "../effects/index.ts";
import { columnsAdded } from "./added-constraints.ts";
import type { Rule } from "./rule.ts";
import { subjectOf } from "./subject.ts";

/** The name by which Active Record tells classes of one table apart (ModelSchema.inheritance_column). */
const inheritanceColumnName = "type";

/** ADD COLUMN type with a default, which an older release of a Rails application takes for the name of a class. */
export const inheritanceColumn: Rule = {
  id: "inheritance-column",
  title: "Adds a column that Active Record reads as a class",
  severity: "info",
  kind: "advice",
  *statement(input) {
    for (const { relation, column } of columnsAdded(input.statement)) {
      const table = subjectOf(input, relation);
      const isFilled = (column.constraints ?? []).some(
        (one) =>
          "Constraint" in one &&
          one.Constraint.contype === "CONSTR_DEFAULT" &&
          !isNull(one.Constraint.raw_expr),
      );
      if (column.colname !== inheritanceColumnName || !isFilled || !table.existed) continue;
      const name = table.relation === undefined ? table.name : relationName(table.relation);
      yield {
        at: input,
        message: `every row of ${name} gets a ${inheritanceColumnName}, which Active Record takes for the name of a class`,
        why: "a release that runs and looks at the columns again, after a restart say, asks for a class of the default's name and fails with ActiveRecord::SubclassNotFound until the release that has the class is there",
        wayOut: {
          text: "Add the column without a default, ship the release that knows the classes, and set the default then; or give it another name. Where no Rails application reads the table, leave this rule off.",
        },
      };
    }
  },
};

function isNull(node: unknown): boolean {
  return (node as { A_Const?: { isnull?: boolean } } | undefined)?.A_Const?.isnull === true;
}
