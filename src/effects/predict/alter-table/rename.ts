import type { RenameStmt } from "@pgsql/types";
import { qualifiedName } from "../../../sql/index.ts";
import type { Effect } from "../../effect.ts";
import type { LockMode } from "../../lock-modes.ts";
import type { Relation } from "../../world/index.ts";
import { byId, findType } from "../../world/index.ts";
import { rangeName } from "../../world/nodes.ts";
import type { EffectDraft } from "../draft.ts";
import type { PredictInput } from "../input.ts";
import { listName, target } from "../names.ts";
import { isRoutine, refuseMissingRoutine } from "./routines.ts";
import { descendantsOf, roleOfChild, startDraft } from "./plan.ts";
import { lockTypedTables } from "./typed-table.ts";

const relations: ReadonlySet<string | undefined> = new Set([
  "OBJECT_TABLE",
  "OBJECT_VIEW",
  "OBJECT_MATVIEW",
  "OBJECT_INDEX",
  "OBJECT_SEQUENCE",
  "OBJECT_FOREIGN_TABLE",
]);

/** RENAME of any object. */
export function predictRename(input: PredictInput): Effect {
  const draft = startDraft(input);
  const { node } = input.statement;
  if (!("RenameStmt" in node)) return draft.effect();
  const statement = node.RenameStmt;
  const { renameType } = statement;
  if (relations.has(renameType)) renameRelation(draft, statement);
  else if (renameType === "OBJECT_COLUMN" || renameType === "OBJECT_ATTRIBUTE")
    renameColumn(draft, statement);
  else if (renameType === "OBJECT_TABCONSTRAINT") renameConstraint(draft, statement);
  else if (renameType === "OBJECT_TRIGGER") renameTrigger(draft, statement);
  else if (renameType === "OBJECT_POLICY") renamePolicy(draft, statement);
  else if (renameType === "OBJECT_RULE") renameRule(draft, statement);
  else if (renameType === "OBJECT_TYPE" || renameType === "OBJECT_DOMAIN")
    renameTypeOrDomain(draft, statement);
  else if (renameType === "OBJECT_SCHEMA") renameSchema(draft, statement);
  else if (renameType === "OBJECT_DOMCONSTRAINT") renameDomainConstraint(draft, statement);
  else if (isRoutine(renameType)) refuseMissingRoutine(draft, statement.object);
  return draft.effect();
}

/** The relation that the statement names; none with IF EXISTS is no failure. */
function named(
  draft: EffectDraft,
  { relation, missing_ok: missingOk }: RenameStmt,
): Relation | undefined {
  return missingOk === true ? draft.find(rangeName(relation)) : target(draft, relation);
}

const kinds: Readonly<Record<string, readonly Relation["kind"][]>> = {
  OBJECT_VIEW: ["view"],
  OBJECT_MATVIEW: ["materialized view"],
  OBJECT_SEQUENCE: ["sequence"],
  OBJECT_FOREIGN_TABLE: ["foreign table"],
};

function renameRelation(draft: EffectDraft, statement: RenameStmt): void {
  const relation = named(draft, statement);
  if (relation === undefined) return;
  const isIndex = relation.index !== undefined && statement.renameType === "OBJECT_INDEX";
  const mode: LockMode = isIndex ? "ShareUpdateExclusive" : "AccessExclusive";
  draft.lock(relation, mode);
  const wanted = kinds[statement.renameType ?? ""];
  if (wanted !== undefined && !wanted.includes(relation.kind))
    draft.fail("always", "42809", `"${relation.name}" is not a ${wanted[0]}`);
  else if (relation.kind === "composite type")
    draft.fail("always", "42809", `"${relation.name}" is a composite type`);
  else {
    const { newname = "" } = statement;
    refuseTaken(draft, relation.schema, newname);
    // Its row type takes the name too; indexes and sequences have none (tablecmds.c, RenameRelationInternal).
    const hasType = relation.index === undefined && relation.kind !== "sequence";
    if (hasType && draft.world.types.has(qualifiedName(relation.schema, newname)))
      draft.fail("always", "42710", `type "${newname}" already exists`);
  }
}

function refuseTaken(draft: EffectDraft, schema: string, name: string): void {
  if (draft.world.relations.has(qualifiedName(schema, name)))
    draft.fail("always", "42P07", `relation "${name}" already exists`);
}

/** Columns are renamed in all tables that inherit them (tablecmds.c, renameatt_internal). */
function renameColumn(draft: EffectDraft, statement: RenameStmt): void {
  const relation = named(draft, statement);
  if (relation === undefined) return;
  const { subname = "", newname = "" } = statement;
  draft.lock(relation, "AccessExclusive");
  if (relation.ofType !== undefined)
    draft.fail("always", "42809", "cannot rename column of typed table");
  if (relation.kind === "composite type") lockTypedTables(draft, relation, statement.behavior);
  const column = relation.columns.find(({ name }) => name === subname);
  // An index names its columns after those of the table; those of expressions are chosen by Postgres.
  const { index } = relation;
  const isOfIndex =
    index !== undefined &&
    (index.expressions.length > 0 || [...index.columns, ...index.include].includes(subname));
  if (column === undefined && !isOfIndex) draft.missing(`column "${subname}"`, "42703");
  const recurse = statement.relation?.inh === true;
  const children = descendantsOf(draft.world, relation);
  if (recurse)
    for (const child of children) draft.lock(child, "AccessExclusive", roleOfChild(child));
  else if (children.length > 0 && column !== undefined)
    draft.fail(
      "always",
      "42P16",
      `inherited column "${subname}" must be renamed in child tables too`,
    );
  if (column?.inherited === true)
    draft.fail("always", "42P16", `cannot rename inherited column "${subname}"`);
  for (const table of recurse ? [relation, ...children] : [relation])
    if (table.columns.some(({ name }) => name === newname))
      draft.fail(
        "always",
        "42701",
        `column "${newname}" of relation "${table.name}" already exists`,
      );
}

/** A constraint with an index takes the index along (tablecmds.c, rename_constraint_internal). */
function renameConstraint(draft: EffectDraft, statement: RenameStmt): void {
  const relation = named(draft, statement);
  if (relation === undefined) return;
  draft.lock(relation, "AccessExclusive");
  const { subname = "", newname = "" } = statement;
  const constraint = relation.constraints.find(({ name }) => name === subname);
  if (constraint === undefined) {
    draft.missing(`constraint "${subname}" for table "${relation.name}"`, "42704");
    return;
  }
  if (relation.constraints.some(({ name }) => name === newname))
    draft.fail(
      "always",
      "42710",
      `constraint "${newname}" for relation "${relation.name}" already exists`,
    );
  if (constraint.kind === "check" || constraint.kind === "not-null") {
    if (constraint.inherited)
      draft.fail("always", "42P16", `cannot rename inherited constraint "${subname}"`);
    const recurses = !constraint.noInherit && statement.relation?.inh === true;
    for (const child of recurses ? descendantsOf(draft.world, relation) : [])
      draft.lock(child, "AccessExclusive", roleOfChild(child));
  }
  if (!("index" in constraint)) return;
  const index = byId(draft.world, constraint.index);
  if (index !== undefined) draft.lock(index, "ShareUpdateExclusive", "index");
  refuseTaken(draft, relation.schema, newname);
}

/** Since 15 the triggers of partitions are renamed along (trigger.c, renametrig). */
function renameTrigger(draft: EffectDraft, statement: RenameStmt): void {
  const relation = named(draft, statement);
  if (relation === undefined) return;
  draft.lock(relation, "AccessExclusive");
  const { subname = "", newname = "" } = statement;
  refuseMember(
    draft,
    relation,
    "trigger",
    relation.triggers.map(({ name }) => name),
    subname,
    newname,
  );
  if (draft.world.major < 15) return;
  if (relation.triggers.some(({ name, inherited }) => name === subname && inherited))
    // Until 17 it was an internal error.
    draft.fail(
      "always",
      draft.world.major < 18 ? "XX000" : "0A000",
      `cannot rename trigger "${subname}" on table "${relation.name}"`,
    );
  if (relation.kind !== "partitioned table") return;
  for (const partition of descendantsOf(draft.world, relation))
    draft.lock(partition, "AccessExclusive", roleOfChild(partition));
}

function renamePolicy(draft: EffectDraft, statement: RenameStmt): void {
  const relation = named(draft, statement);
  if (relation === undefined) return;
  draft.lock(relation, "AccessExclusive");
  const { subname = "", newname = "" } = statement;
  refuseMember(
    draft,
    relation,
    "policy",
    relation.policies.map(({ name }) => name),
    subname,
    newname,
  );
}

function renameRule(draft: EffectDraft, statement: RenameStmt): void {
  const relation = named(draft, statement);
  if (relation === undefined) return;
  draft.lock(relation, "AccessExclusive");
  const { subname = "", newname = "" } = statement;
  const rules = relation.rules.map(({ name }) => name);
  refuseMember(draft, relation, "rule", rules, subname, newname);
}

/** A trigger, policy or rule must be there, and its new name free. */
function refuseMember(
  draft: EffectDraft,
  relation: Relation,
  what: string,
  names: readonly string[],
  subname: string,
  newname: string,
): void {
  if (!names.includes(subname))
    draft.missing(`${what} "${subname}" for table "${relation.name}"`, "42704");
  else if (names.includes(newname))
    draft.fail(
      "always",
      "42710",
      `${what} "${newname}" for relation "${relation.name}" already exists`,
    );
}

function renameTypeOrDomain(draft: EffectDraft, { object, newname = "" }: RenameStmt): void {
  const name = listName(object);
  const relation = draft.find(name);
  const type = findType(draft.world, name, draft.searchPath);
  if (relation?.kind === "composite type") draft.lock(relation, "AccessExclusive");
  const found = type ?? relation;
  if (found === undefined) draft.missing(`type "${name.name}"`, "42704");
  else if (isTypeTaken(draft, found.schema, newname))
    draft.fail("always", "42710", `type "${newname}" already exists`);
}

/** Tables and views have a type of their rows under their names. */
function isTypeTaken({ world }: EffectDraft, schema: string, name: string): boolean {
  const wanted = qualifiedName(schema, name);
  const relation = world.relations.get(wanted);
  const hasRows = relation?.index === undefined && relation?.kind !== "sequence";
  return world.types.has(wanted) || (relation !== undefined && hasRows);
}

function renameSchema(draft: EffectDraft, { subname = "", newname = "" }: RenameStmt): void {
  const { schemas } = draft.world;
  if (!schemas.has(subname)) draft.missing(`schema "${subname}"`, "3F000");
  else if (schemas.has(newname))
    draft.fail("always", "42P06", `schema "${newname}" already exists`);
}

function renameDomainConstraint(draft: EffectDraft, { object, subname = "" }: RenameStmt): void {
  const name = listName(object);
  const domain = findType(draft.world, name, draft.searchPath);
  if (domain === undefined) draft.missing(`type "${name.name}"`, "42704");
  else if (
    !domain.domain?.notNull &&
    !domain.domain?.checks.some((check) => check.name === subname)
  )
    draft.missing(`constraint "${subname}" of domain "${domain.name}"`, "42704");
}
