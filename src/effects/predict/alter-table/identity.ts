import type { TypeUse } from "../../world/index.ts";
import { refuse, type Plan } from "./plan.ts";

const integers: ReadonlySet<string> = new Set(["int2", "int4", "int8"]);

/** A sequence has a type of its own: an identity column is of one of those, and of no domain over them (sequence.c, init_params). */
export function refuseIdentityOf(plan: Plan, { schema, name, array }: TypeUse): void {
  if (schema === undefined || (schema === "pg_catalog" && !array && integers.has(name))) return;
  refuse(plan, "22023", "identity column type must be smallint, integer, or bigint");
}
