import type { Node } from "@pgsql/types";
import { findType, type TypeUse } from "../../world/index.ts";
import { constantText } from "../../world/nodes.ts";
import { baseOf } from "./conversion.ts";
import { refuse, type Plan } from "./plan.ts";

const integers: ReadonlySet<string> = new Set(["int2", "int4", "int8"]);

/** Refuses a literal that cannot be a value of the type: an unknown enum label, letters for an integer. */
export function refuseLiteral(plan: Plan, value: Node, type: TypeUse): void {
  if (!("A_Const" in value) || value.A_Const.sval === undefined || type.array) return;
  const text = constantText(value) ?? "";
  const { schema, name } = baseOf(plan.world, type);
  if (schema === undefined) return;
  if (schema === "pg_catalog") {
    const isNumber = text.trim() !== "" && !Number.isNaN(Number(text.replaceAll("_", "")));
    if (integers.has(name) && !isNumber)
      refuse(plan, "22P02", `invalid input syntax for type integer: "${text}"`);
    return;
  }
  const found = findType(plan.world, { schema, name });
  if (found?.kind === "enum" && !found.labels.includes(text))
    refuse(plan, "22P02", `invalid input value for enum ${name}: "${text}"`);
}
