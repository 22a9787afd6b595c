import type { WayOut } from "./finding.ts";
import { alterTableOf } from "./fix-alter-parts.ts";
import { codeOf, type Step } from "./fix-steps.ts";
import type { StatementInput } from "./rule.ts";

/** The same ALTER TABLE without NOT NULL on its new columns; what requires them comes after they are filled. */
export function requiredColumnLater(input: StatementInput): Pick<WayOut, "code"> {
  const alter = alterTableOf(input);
  if (alter === undefined) return {};
  const { text } = input;
  const items = alter.parts.map(({ command: { def }, from, to, sql }) => {
    if (def === undefined || !("ColumnDef" in def)) return sql;
    const demand = (def.ColumnDef.constraints ?? []).flatMap((node) =>
      "Constraint" in node && node.Constraint.contype === "CONSTR_NOTNULL"
        ? [text.at(node.Constraint.location)]
        : [],
    )[0];
    if (demand === undefined) return sql;
    const named = text.tokens[demand]?.text.toUpperCase() === "CONSTRAINT";
    const rest = text.slice(demand + (named ? 4 : 2), to);
    return [text.slice(from, demand), rest].filter((piece) => piece !== "").join(" ");
  });
  const step: Step = { sql: `${alter.head} ${items.join(", ")}`, strong: true };
  return { code: codeOf([step], input) };
}
