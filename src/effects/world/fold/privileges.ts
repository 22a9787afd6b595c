import type { AlterDefaultPrivilegesStmt, AlterOwnerStmt, GrantStmt, RoleSpec } from "@pgsql/types";
import {
  allPrivileges,
  builtinGrants,
  everybody,
  grantedAs,
  sameGrants,
  withGrant,
  withoutGrant,
  type GrantedObject,
} from "../grants.ts";
import { byId, findRelation, indexesOf, sequencesOf } from "../lookup.ts";
import type { DefaultPrivileges, Grant, ObjectId, Relation, World } from "../model.ts";
import { dottedName, strings } from "../nodes.ts";
import { putRelation, putRoutine, putSchemaPrivileges } from "../store.ts";
import { all, change, target, type FoldContext } from "./context.ts";
import { matchRoutine } from "./routines.ts";

/** Name of the role; undefined where it is the running one and that is not known. */
export function roleName(world: World, role: RoleSpec | undefined): string | undefined {
  if (role?.roletype === "ROLESPEC_CSTRING") return role.rolename;
  if (role?.roletype === "ROLESPEC_PUBLIC") return everybody;
  return world.server?.role;
}

/** What a GRANT or REVOKE says about each object that it names. */
interface Change {
  readonly isGrant: boolean;
  readonly grantees: readonly string[];
  /** Undefined for ALL PRIVILEGES. */
  readonly privileges: readonly string[] | undefined;
  readonly columns: readonly { readonly name: string; readonly privileges: string[] | undefined }[];
}

/** GRANT and REVOKE on relations, routines and schemas. What is granted only with GRANT OPTION is granted. */
export function grant(context: FoldContext, statement: GrantStmt): void {
  // REVOKE GRANT OPTION FOR leaves the privilege itself.
  if (statement.is_grant !== true && statement.grant_option === true) return;
  const { world } = context;
  const said = changeOf(world, statement);
  const inSchemas = statement.targtype === "ACL_TARGET_ALL_IN_SCHEMA";
  const schemas = new Set(inSchemas ? strings(statement.objects) : []);
  const objects: string = statement.objtype ?? "";
  switch (objects) {
    case "OBJECT_TABLE":
    case "OBJECT_SEQUENCE": {
      const wanted = objects === "OBJECT_TABLE" ? "tables" : "sequences";
      const named = inSchemas
        ? [...world.relations.values()].filter(
            ({ schema, kind }) => schemas.has(schema) && grantedAs(kind) === wanted,
          )
        : all(statement.objects, "RangeVar").flatMap((range) => target(context, range) ?? []);
      for (const relation of named) grantOnRelation(world, relation, said);
      return;
    }
    case "OBJECT_FUNCTION":
    case "OBJECT_PROCEDURE":
    case "OBJECT_ROUTINE": {
      const named = inSchemas
        ? [...world.routines.values()]
            .flat()
            .filter(
              ({ schema, kind }) => schemas.has(schema) && isOfWord(kind === "procedure", objects),
            )
        : all(statement.objects, "ObjectWithArgs").flatMap(
            (wanted) => matchRoutine(context, wanted) ?? [],
          );
      for (const routine of named)
        putRoutine(world, {
          ...routine,
          grants: changed(routine.grants, said, "routines", world, routine.owner),
        });
      return;
    }
    case "OBJECT_SCHEMA":
      for (const schema of strings(statement.objects)) grantOnSchema(world, schema, said);
      return;
    default:
  }
}

function isOfWord(isProcedure: boolean, word: string): boolean {
  return word === "OBJECT_ROUTINE" || isProcedure === (word === "OBJECT_PROCEDURE");
}

function changeOf(world: World, statement: GrantStmt): Change {
  const named = all(statement.privileges, "AccessPriv");
  const word = (name: string | undefined) =>
    name === undefined ? undefined : [name.toUpperCase()];
  const whole = named.filter(({ cols }) => cols === undefined);
  return {
    isGrant: statement.is_grant ?? false,
    grantees: all(statement.grantees, "RoleSpec").flatMap((role) => roleName(world, role) ?? []),
    privileges:
      named.length === 0 ? undefined : whole.flatMap(({ priv_name: name }) => word(name) ?? []),
    columns: named.flatMap(({ priv_name: name, cols }) =>
      strings(cols).map((column) => ({ name: column, privileges: word(name) })),
    ),
  };
}

function changed(
  grants: readonly Grant[],
  { isGrant, grantees, privileges }: Pick<Change, "isGrant" | "grantees" | "privileges">,
  objects: GrantedObject,
  world: World,
  owner: string | undefined,
): readonly Grant[] {
  const own = privileges ?? allPrivileges(objects, world.major);
  let result = grants;
  for (const grantee of grantees)
    if (isGrant && grantee !== owner) result = withGrant(result, grantee, own);
    else if (!isGrant) result = withoutGrant(result, grantee, own);
  return result;
}

/** Privileges that columns have too (acl.h, ACL_ALL_RIGHTS_COLUMN). */
const ofColumns = ["INSERT", "REFERENCES", "SELECT", "UPDATE"] as const;

/** A privilege that is revoked on the table is revoked on its columns (aclchk.c, ExecGrant_Relation). */
function grantOnRelation(world: World, relation: Relation, said: Change): void {
  const objects = grantedAs(relation.kind);
  if (objects === undefined) return;
  const { owner } = relation;
  const whole = said.privileges ?? allPrivileges(objects, world.major);
  const columns = relation.columns.map((column) => {
    let { grants } = column;
    if (!said.isGrant && grants.length > 0)
      grants = changed(grants, { ...said, privileges: whole }, objects, world, owner);
    for (const { name, privileges = ofColumns } of said.columns)
      if (name === column.name)
        grants = changed(grants, { ...said, privileges }, objects, world, owner);
    return grants === column.grants ? column : { ...column, grants };
  });
  putRelation(world, {
    ...relation,
    grants: changed(relation.grants, said, objects, world, owner),
    columns: columns.some((column, index) => column !== relation.columns[index])
      ? columns
      : relation.columns,
  });
}

function grantOnSchema(world: World, schema: string, said: Change): void {
  if (!world.schemas.has(schema)) return;
  const old = world.schemaPrivileges.get(schema) ?? { owner: world.server?.role, grants: [] };
  const grants = changed(old.grants, said, "schemas", world, old.owner);
  putSchemaPrivileges(world, schema, { ...old, grants });
}

const defaultObjects: Readonly<Record<string, GrantedObject>> = {
  OBJECT_TABLE: "tables",
  OBJECT_SEQUENCE: "sequences",
  OBJECT_FUNCTION: "routines",
  OBJECT_PROCEDURE: "routines",
  OBJECT_ROUTINE: "routines",
  OBJECT_TYPE: "types",
  OBJECT_SCHEMA: "schemas",
};

/** ALTER DEFAULT PRIVILEGES: what says no more than Postgres' own defaults is no entry (aclchk.c, SetDefaultACL). */
export function alterDefaultPrivileges(
  { world }: FoldContext,
  { action, options }: AlterDefaultPrivilegesStmt,
): void {
  const objects = defaultObjects[action?.objtype ?? ""];
  if (action === undefined || objects === undefined) return;
  if (action.is_grant !== true && action.grant_option === true) return;
  const list = (name: string) => {
    const arg = all(options, "DefElem").find(({ defname }) => defname === name)?.arg;
    return arg !== undefined && "List" in arg ? (arg.List.items ?? []) : undefined;
  };
  const schemas = strings(list("schemas"));
  const roles = all(list("roles"), "RoleSpec").map((role) => roleName(world, role));
  const said = changeOf(world, action);
  for (const owner of roles.length === 0 ? [world.server?.role] : roles)
    for (const schema of schemas.length === 0 ? [undefined] : schemas) {
      const isEntry = (each: DefaultPrivileges) =>
        each.owner === owner && each.schema === schema && each.objects === objects;
      const first = schema === undefined ? builtinGrants(objects) : [];
      const old = world.defaultPrivileges.find(isEntry)?.grants ?? first;
      const grants = changed(old, said, objects, world, owner);
      const others = world.defaultPrivileges.filter((each) => !isEntry(each));
      world.defaultPrivileges = sameGrants(grants, first)
        ? others
        : [...others, { owner, schema, objects, grants }];
    }
}

/** ALTER … OWNER TO other than of tables and their like. */
export function alterOwner(context: FoldContext, statement: AlterOwnerStmt): void {
  const { world, searchPath } = context;
  const owner = roleName(world, statement.newowner);
  const { object } = statement;
  const type: string = statement.objectType ?? "";
  if (type === "OBJECT_SCHEMA") {
    const [schema = ""] = object === undefined ? [] : strings([object]);
    const { grants } = world.schemaPrivileges.get(schema) ?? { grants: [] };
    if (world.schemas.has(schema)) putSchemaPrivileges(world, schema, owned(owner, grants));
  } else if (object !== undefined && "ObjectWithArgs" in object) {
    const routine = matchRoutine(context, object.ObjectWithArgs);
    if (routine !== undefined && type !== "OBJECT_OPERATOR")
      putRoutine(world, { ...routine, ...owned(owner, routine.grants) });
  } else if (type === "OBJECT_TYPE" && object !== undefined && "List" in object) {
    const relation = findRelation(world, dottedName(strings(object.List.items)), searchPath);
    if (relation?.kind === "composite type") ownRelation(world, relation.id, owner);
  }
}

/** A new owner has all privileges without a grant. */
function owned<Owner extends string | undefined>(owner: Owner, grants: readonly Grant[]) {
  return { owner, grants: grants.filter(({ grantee }) => grantee !== owner) };
}

/** OWNER TO of a relation, with its indexes and owned sequences (tablecmds.c, ATExecChangeOwner). */
export function ownRelation(world: World, id: ObjectId, owner: string | undefined): void {
  const relation = byId(world, id);
  if (relation === undefined) return;
  change(world, id, {
    ...owned(owner, relation.grants),
    columns: relation.columns.map((column) =>
      column.grants.length === 0
        ? column
        : { ...column, grants: owned(owner, column.grants).grants },
    ),
  });
  for (const each of [...indexesOf(world, id), ...sequencesOf(world, id)])
    ownRelation(world, each.id, owner);
}
