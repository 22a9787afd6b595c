import type { AlterDomainStmt } from "@pgsql/types";
import type { Effect } from "../../effect.ts";
import type { DomainFacts, Relation, TypeUse, WorldType } from "../../world/index.ts";
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
  const statement = node.AlterDomainStmt;
  const domain = findDomain(draft, strings(statement.typeName));
  if (domain?.domain === undefined) return draft.effect();
  const facts = domain.domain;
  // The letters of AlterDomainStmt.subtype (parsenodes.h).
  const { subtype } = statement;
  if (subtype === "O" && !facts.notNull) verifyUsers(draft, domain, "23502");
  else if (subtype === "C") addConstraint(draft, domain, facts, statement);
  else if (subtype === "V") validateConstraint(draft, domain, facts, statement);
  else if (subtype === "X") dropConstraint(draft, domain, facts, statement);
  return draft.effect();
}

function addConstraint(
  draft: EffectDraft,
  domain: WorldType,
  facts: DomainFacts,
  { def }: AlterDomainStmt,
): void {
  if (def === undefined || !("Constraint" in def)) return;
  const { contype, conname, skip_validation: skips } = def.Constraint;
  if (conname !== undefined && facts.checks.some(({ name }) => name === conname)) {
    draft.fail(
      "always",
      "42710",
      `constraint "${conname}" for domain "${domain.name}" already exists`,
    );
    return;
  }
  if (contype !== "CONSTR_NOTNULL") {
    if (skips !== true) verifyUsers(draft, domain, "23514");
  } else if (draft.world.major < 17)
    draft.fail("always", "42601", "NOT NULL as a constraint of a domain exists since Postgres 17");
  else if (!facts.notNull) verifyUsers(draft, domain, "23502");
}

function validateConstraint(
  draft: EffectDraft,
  domain: WorldType,
  facts: DomainFacts,
  { name = "" }: AlterDomainStmt,
): void {
  const constraint = facts.checks.find((check) => check.name === name);
  if (constraint === undefined)
    draft.missing(`constraint "${name}" of domain "${domain.name}"`, "42704");
  // One that is valid is looked at all the same (typecmds.c, AlterDomainValidateConstraint).
  else verifyUsers(draft, domain, "23514");
}

function dropConstraint(
  draft: EffectDraft,
  domain: WorldType,
  facts: DomainFacts,
  { name = "", missing_ok: missingOk }: AlterDomainStmt,
): void {
  if (missingOk === true || facts.checks.some((check) => check.name === name)) return;
  // Since 17 a NOT NULL of a domain is a constraint with a name, which is not known here.
  if (facts.notNull && draft.world.major >= 17)
    draft.unknown(`"${name}" may be the NOT NULL of domain "${domain.name}" or nothing`);
  else draft.missing(`constraint "${name}" of domain "${domain.name}"`, "42704");
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
