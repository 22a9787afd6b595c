import type { Relation, TypeUse } from "../../world/index.ts";
import { domainOf } from "./conversion.ts";
import { mayFail, type Plan } from "./plan.ts";

/** A value of the relation's rows may be none that the domain, or one below it, takes. */
export function domainMayRefuse(plan: Plan, relation: Relation, type: TypeUse): void {
  const domain = domainOf(plan.world, type)?.domain;
  if (domain === undefined) return;
  if (domain.checks.length > 0)
    mayFail(plan, "23514", `a value may violate a constraint of domain ${type.name}`, relation);
  if (domain.notNull)
    mayFail(plan, "23502", `domain ${type.name} does not allow null values`, relation);
  domainMayRefuse(plan, relation, domain.base);
}
