import type { Effect } from "../../effect.ts";
import type { Relation, TypeUse, WorldType } from "../../world/index.ts";
import { findType } from "../../world/index.ts";
import { dottedName, strings } from "../../world/nodes.ts";
import { rowRelation } from "../../world/type-use.ts";
import type { EffectDraft } from "../draft.ts";
import type { PredictInput } from "../input.ts";
import { hasRows, startDraft } from "./plan.ts";

/**
 * ALTER DOMAIN: adding or validating a constraint reads every table with a column of the domain under a Share lock
 * (typecmds.c, get_rels_with_domain); everything else is the catalog's.
 */
export function predictAlterDomain(input: PredictInput): Effect {
  const draft = startDraft(input);
  const { node } = input.statement;
  if (!("AlterDomainStmt" in node)) return draft.effect();
  const { subtype, typeName, name = "", missing_ok: missingOk, def } = node.AlterDomainStmt;
  const domain = findDomain(draft, strings(typeName));
  const facts = domain?.domain;
  if (domain === undefined || facts === undefined) return draft.effect();
  const constraint = facts.checks.find((check) => check.name === name);
  switch (subtype) {
    case "O":
      if (!facts.notNull) verifyUsers(draft, domain, "23502");
      break;
    case "C": {
      if (def === undefined || !("Constraint" in def)) break;
      const isNotNull = def.Constraint.contype === "CONSTR_NOTNULL";
      if (isNotNull && draft.world.major < 17)
        draft.fail("always", "42601", "NOT NULL as a constraint of a domain exists since Postgres 17");
      else if (isNotNull && !facts.notNull) verifyUsers(draft, domain, "23502");
      else if (!isNotNull && def.Constraint.skip_validation !== true)
        verifyUsers(draft, domain, "23514");
      break;
    }
    case "V":
      if (constraint === undefined)
        draft.missing(`constraint "${name}" of domain "${domain.name}"`, "42704");
      else if (!constraint.valid) verifyUsers(draft, domain, "23514");
      break;
    case "X":
      if (constraint === undefined && missingOk !== true && draft.world.major < 17)
        draft.missing(`constraint "${name}" of domain "${domain.name}"`, "42704");
      break;
    default:
  }
  return draft.effect();
}

function findDomain(draft: EffectDraft, name: readonly string[]): WorldType | undefined {
  const wanted = dottedName(name);
  const type = findType(draft.world, wanted, draft.searchPath);
  if (type === undefined) draft.missing(`type "${wanted.name}"`, "42704");
  else if (type.kind !== "domain") draft.fail("always", "42809", `"${type.name}" is not a domain`);
  return type;
}

/** Every stored column of the domain, or of a domain over it, is looked at. */
function verifyUsers(draft: EffectDraft, domain: WorldType, sqlState: string): void {
  for (const relation of draft.world.relations.values()) {
    if (relation.kind === "composite type" || relation.kind === "view") continue;
    const column = relation.columns.find(({ type }) => buries(draft, type, domain));
    if (column !== undefined) {
      draft.fail(
        "always",
        "0A000",
        `cannot alter type "${domain.name}" because column "${relation.name}.${column.name}" uses it`,
      );
      return;
    }
  }
  for (const relation of draft.world.relations.values())
    if (hasRows(relation) && relation.columns.some(({ type }) => isOver(draft, type, domain)))
      verify(draft, relation, domain, sqlState);
}

function verify(draft: EffectDraft, relation: Relation, domain: WorldType, sqlState: string): void {
  draft.lock(relation, "Share", "domain-user");
  draft.scan(relation);
  const what = sqlState === "23502" ? "null values" : "values that violate the new constraint";
  draft.fail("on-rows", sqlState, `a column of type ${domain.name} contains ${what}`, relation);
}

function sameType(type: TypeUse, { schema, name }: WorldType): boolean {
  return type.schema === schema && type.name === name;
}

/** The type is the domain, or a domain over it. */
function isOver(draft: EffectDraft, type: TypeUse, domain: WorldType): boolean {
  if (type.array || type.schema === undefined || type.schema === "pg_catalog") return false;
  if (sameType(type, domain)) return true;
  const own = findType(draft.world, { schema: type.schema, name: type.name });
  return own?.domain !== undefined && isOver(draft, own.domain.base, domain);
}

/** The domain is within an array or a composite value, where it cannot be checked. */
function buries(draft: EffectDraft, type: TypeUse, domain: WorldType): boolean {
  const element = { ...type, array: false };
  if (type.array) return isOver(draft, element, domain) || buries(draft, element, domain);
  const row = rowRelation(draft.world, type);
  if (row === undefined) return false;
  return row.columns.some(
    (column) => isOver(draft, column.type, domain) || buries(draft, column.type, domain),
  );
}
