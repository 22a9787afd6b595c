import { partsOf } from "./subject.ts";
import type { Rule } from "./rule.ts";

/** ALTER TYPE … ADD VALUE that leaves the place of the value to chance. */
export const enumValueOrder: Rule = {
  id: "enum-value-order",
  title: "Adds an enum value without saying where",
  severity: "info",
  kind: "advice",
  kinds: ["AlterEnumStmt"],
  statement(input) {
    const { node } = input.statement;
    if (!("AlterEnumStmt" in node)) return [];
    const { newVal, oldVal, newValNeighbor, typeName = [] } = node.AlterEnumStmt;
    if (newVal === undefined || oldVal !== undefined || newValNeighbor !== undefined) return [];
    return [
      {
        at: input,
        message: `'${newVal}' is added to ${typeName.flatMap(partsOf).join(".")} at the end of the order`,
        why: "enum values compare and sort in the order in which they are declared, and the order of a value cannot be changed later; without BEFORE or AFTER the new value is greater than all others",
        wayOut: { text: "Say where it belongs: ADD VALUE … BEFORE or AFTER an existing value." },
      },
    ];
  },
};
