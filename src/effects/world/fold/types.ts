import type {
  AlterDomainStmt,
  AlterEnumStmt,
  CompositeTypeStmt,
  Constraint,
  CreateDomainStmt,
  CreateEnumStmt,
  CreateRangeStmt,
  DefineStmt,
  Node,
} from "@pgsql/types";
import { qualifiedName } from "../../../sql/index.ts";
import { findType, type Name } from "../lookup.ts";
import type { DomainFacts, WorldType } from "../model.ts";
import { dottedName, rangeName, strings } from "../nodes.ts";
import { newId, putRelation, putType } from "../store.ts";
import { resolveType } from "../type-use.ts";
import { all, creationSchema, emptyRelation, type FoldContext } from "./context.ts";
import { defineColumn } from "./define-column.ts";
import { makeObjectName, truncateName } from "./object-names.ts";

function newType(
  context: FoldContext,
  written: Name,
  kind: WorldType["kind"],
): WorldType | undefined {
  const { world } = context;
  const schema = creationSchema(context, written);
  const name = truncateName(written.name);
  if (world.types.has(qualifiedName(schema, name))) return undefined;
  return { id: newId(world), schema, name, kind, labels: [], domain: undefined, range: undefined };
}

export function createEnum(context: FoldContext, statement: CreateEnumStmt): void {
  const type = newType(context, dottedName(strings(statement.typeName)), "enum");
  if (type !== undefined) putType(context.world, { ...type, labels: strings(statement.vals) });
}

/** ADD VALUE and RENAME VALUE. */
export function alterEnum(context: FoldContext, statement: AlterEnumStmt): void {
  const { world, searchPath } = context;
  const type = findType(world, dottedName(strings(statement.typeName)), searchPath);
  const { newVal, oldVal, newValNeighbor } = statement;
  if (type === undefined || newVal === undefined || type.labels.includes(newVal)) return;
  const labels = [...type.labels];
  if (oldVal !== undefined) {
    const at = labels.indexOf(oldVal);
    if (at === -1) return;
    labels[at] = newVal;
  } else if (newValNeighbor === undefined) labels.push(newVal);
  else {
    const at = labels.indexOf(newValNeighbor);
    if (at === -1) return;
    labels.splice(statement.newValIsAfter === true ? at + 1 : at, 0, newVal);
  }
  putType(world, { ...type, labels });
}

export function createComposite(context: FoldContext, statement: CompositeTypeStmt): void {
  const { world } = context;
  const type = newType(context, rangeName(statement.typevar), "composite");
  if (type === undefined) return;
  const relation = emptyRelation(world, "composite type", type.schema, type.name);
  putRelation(world, {
    ...relation,
    columns: all(statement.coldeflist, "ColumnDef").map((definition) => ({
      number: newId(world),
      ...defineColumn(context, definition, relation).column,
    })),
  });
  putType(world, type);
}

/** A range type and its multirange, `name_multirange` or with `range` made `multirange` in it (makeMultirangeTypeName). */
export function createRange(context: FoldContext, statement: CreateRangeStmt): void {
  const { world } = context;
  const type = newType(context, dottedName(strings(statement.typeName)), "range");
  if (type === undefined) return;
  putType(world, type);
  const named = all(statement.params, "DefElem").find(
    ({ defname }) => defname === "multirange_type_name",
  )?.arg;
  const written =
    named !== undefined && "TypeName" in named
      ? dottedName(strings(named.TypeName.names))
      : { schema: type.schema, name: multirangeName(type.name) };
  const multirange = newType(
    context,
    { ...written, schema: written.schema ?? type.schema },
    "multirange",
  );
  if (multirange !== undefined) putType(world, { ...multirange, range: type.id });
}

function multirangeName(range: string): string {
  const at = range.indexOf("range");
  if (at === -1) return makeObjectName(range, undefined, "multirange");
  return truncateName(`${range.slice(0, at)}multi${range.slice(at)}`);
}

/** CREATE TYPE of a base type, shell types included. */
export function createBaseType(context: FoldContext, statement: DefineStmt): void {
  const type = newType(context, dottedName(strings(statement.defnames)), "base");
  if (type !== undefined) putType(context.world, type);
}

export function createDomain(context: FoldContext, statement: CreateDomainStmt): void {
  const { world, searchPath } = context;
  const type = newType(context, dottedName(strings(statement.domainname)), "domain");
  if (type === undefined) return;
  let domain: DomainFacts = {
    base: resolveType(statement.typeName, world, searchPath),
    notNull: false,
    default: undefined,
    checks: [],
  };
  for (const constraint of all(statement.constraints, "Constraint"))
    domain = withConstraint(type, domain, constraint);
  putType(world, { ...type, domain });
}

/** A constraint of a domain; a check is named after the domain (typecmds.c, domainAddCheckConstraint). */
function withConstraint(type: WorldType, domain: DomainFacts, constraint: Constraint): DomainFacts {
  if (constraint.contype === "CONSTR_NOTNULL") return { ...domain, notNull: true };
  if (constraint.contype === "CONSTR_DEFAULT") return { ...domain, default: constraint.raw_expr };
  const expression = constraint.raw_expr;
  if (constraint.contype !== "CONSTR_CHECK" || expression === undefined) return domain;
  const taken = new Set(domain.checks.map(({ name }) => name));
  const name = constraint.conname ?? chooseName(type.name, taken);
  const valid = constraint.skip_validation !== true;
  return { ...domain, checks: [...domain.checks, { name, expression, valid }] };
}

function chooseName(domain: string, taken: ReadonlySet<string>): string {
  for (let pass = 0; ; pass++) {
    const name = makeObjectName(domain, undefined, pass === 0 ? "check" : `check${pass}`);
    if (!taken.has(name)) return name;
  }
}

export function alterDomain(context: FoldContext, statement: AlterDomainStmt): void {
  const { world, searchPath } = context;
  const type = findType(world, dottedName(strings(statement.typeName)), searchPath);
  if (type?.domain === undefined) return;
  const domain = alteredDomain(type, type.domain, statement);
  putType(world, { ...type, domain });
}

function alteredDomain(
  type: WorldType,
  domain: DomainFacts,
  { subtype = "", name, def }: AlterDomainStmt,
): DomainFacts {
  switch (subtype) {
    case "T":
      return { ...domain, default: def };
    case "N":
      return { ...domain, notNull: false };
    case "O":
      return { ...domain, notNull: true };
    case "C":
      return isConstraint(def) ? withConstraint(type, domain, def.Constraint) : domain;
    case "X":
      return { ...domain, checks: domain.checks.filter((check) => check.name !== name) };
    case "V":
      return {
        ...domain,
        checks: domain.checks.map((check) =>
          check.name === name ? { ...check, valid: true } : check,
        ),
      };
    default:
      return domain;
  }
}

function isConstraint(node: Node | undefined): node is Extract<Node, { Constraint: unknown }> {
  return node !== undefined && "Constraint" in node;
}
