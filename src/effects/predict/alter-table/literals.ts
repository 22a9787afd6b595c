import type { Node } from "@pgsql/types";
import { findType, type TypeUse, type World, type WorldColumn } from "../../world/index.ts";
import { constantText } from "../../world/nodes.ts";
import { expressionType } from "../../world/query/expression-type.ts";
import { refuseMissingFunctions } from "../query/call-function.ts";
import { refuseMissingSequences } from "../query/sequences.ts";
import { baseOf, convert } from "./conversion.ts";
import { refuse, type Plan } from "./plan.ts";

const integers: ReadonlySet<string> = new Set(["int2", "int4", "int8"]);

/** Refuses a default of a type that is not assigned to the column's (heap.c, cookDefault). */
export function refuseDefault(
  plan: Plan,
  { name, type }: Pick<WorldColumn, "name" | "type">,
  value: Node,
): void {
  refuseLiteral(plan, value, type);
  refuseMissingSequences(plan.draft, value);
  refuseMissingFunctions(plan.draft, value);
  const { world, searchPath } = plan;
  // A text literal, or NULL, is read as whatever is wanted.
  if ("A_Const" in value && (value.A_Const.sval !== undefined || value.A_Const.isnull)) return;
  const given = expressionType(value, {
    world,
    searchPath,
    column: () => undefined,
    subquery: () => undefined,
  });
  if (given === undefined || convert(world, given, type, false) !== "impossible") return;
  refuse(
    plan,
    "42804",
    `column "${name}" is of type ${type.name} but default expression is of type ${given.name}`,
  );
}

function refuseLiteral(plan: Plan, value: Node, type: TypeUse): void {
  const message = refusedText(plan.world, value, type);
  if (message !== undefined) refuse(plan, "22P02", message);
}

/** Why a literal cannot be a value of the type: an unknown enum label, letters for an integer; undefined when it may be. */
export function refusedText(world: World, value: Node, type: TypeUse): string | undefined {
  if (!("A_Const" in value) || value.A_Const.sval === undefined || type.array) return undefined;
  const text = constantText(value) ?? "";
  const { schema, name } = baseOf(world, type);
  if (schema === undefined) return undefined;
  if (schema === "pg_catalog") {
    const isNumber = text.trim() !== "" && !Number.isNaN(Number(text.replaceAll("_", "")));
    return integers.has(name) && !isNumber
      ? `invalid input syntax for type integer: "${text}"`
      : undefined;
  }
  const found = findType(world, { schema, name });
  return found?.kind === "enum" && !found.labels.includes(text)
    ? `invalid input value for enum ${name}: "${text}"`
    : undefined;
}

/** A constant is computed for the rows at once, even where there are none: a text must fit (varchar.c). */
export function refuseLonger(plan: Plan, type: TypeUse, value: Node | undefined): void {
  const { schema, name, array, modifiers } = baseOf(plan.world, type);
  const [limit] = modifiers;
  if (schema !== "pg_catalog" || array || limit === undefined) return;
  if (name !== "varchar" && name !== "bpchar") return;
  if (value === undefined || !("A_Const" in value) || value.A_Const.sval === undefined) return;
  // Blanks at the end are cut off.
  const rest = Array.from(constantText(value) ?? "")
    .slice(limit)
    .join("");
  if (rest.replaceAll(" ", "") !== "")
    refuse(plan, "22001", `value too long for type ${name}(${limit})`);
}
