import type {
  CreateAmStmt,
  CreateRoleStmt,
  CreateTableSpaceStmt,
  DropOwnedStmt,
  DropRoleStmt,
  DropTableSpaceStmt,
  ReassignOwnedStmt,
} from "@pgsql/types";
import { builtinGrants, sameGrants } from "../grants.ts";
import type { DefaultPrivileges, Grant, ServerFacts, World } from "../model.ts";
import { putRelation, putRoutine, putSchemaPrivileges } from "../store.ts";
import { all, doubt, type FoldContext } from "./context.ts";
import { dropRelation, dropRoutine } from "./drop-object.ts";
import { dropSchema } from "./drop-schema.ts";
import { roleName } from "./privileges.ts";

type Names = "roles" | "tablespaces" | "accessMethods";

function add(world: World, names: Names, name: string | undefined): void {
  if (world.server !== undefined && name !== undefined)
    world.server = { ...world.server, [names]: new Set(world.server[names]).add(name) };
}

function remove(world: World, names: Names, name: string | undefined): void {
  if (world.server === undefined || name === undefined) return;
  const rest = new Set(world.server[names]);
  rest.delete(name);
  world.server = { ...world.server, [names]: rest } satisfies ServerFacts;
}

export function createRole({ world }: FoldContext, { role }: CreateRoleStmt): void {
  add(world, "roles", role);
}

/** DROP ROLE: one that owns or may do anything is not dropped. */
export function dropRole({ world }: FoldContext, { roles }: DropRoleStmt): void {
  for (const role of all(roles, "RoleSpec")) remove(world, "roles", role.rolename);
}

export function renameRole(world: World, from: string, to: string): void {
  if (world.server !== undefined) {
    remove(world, "roles", from);
    add(world, "roles", to);
    if (world.server.role === from) world.server = { ...world.server, role: to };
  }
  const name = (role: string) => (role === from ? to : role);
  const grants = (list: readonly Grant[]) =>
    list.map((grant) => ({ ...grant, grantee: name(grant.grantee) }));
  mapOwned(world, (owned) => ({
    owner: owned.owner === undefined ? undefined : name(owned.owner),
    grants: grants(owned.grants),
  }));
  world.defaultPrivileges = world.defaultPrivileges.map((each) => ({
    ...each,
    owner: each.owner === undefined ? undefined : name(each.owner),
    grants: grants(each.grants),
  }));
}

/** REASSIGN OWNED: what belongs to the roles belongs to another one. */
export function reassignOwned({ world }: FoldContext, statement: ReassignOwnedStmt): void {
  const from = new Set(all(statement.roles, "RoleSpec").map((role) => roleName(world, role)));
  const to = roleName(world, statement.newrole);
  mapOwned(world, (owned) =>
    from.has(owned.owner)
      ? { owner: to, grants: owned.grants.filter(({ grantee }) => grantee !== to) }
      : owned,
  );
}

/**
 * DROP OWNED: what the roles own goes, and what they were granted. Whether a thing of an unknown owner is theirs is a
 * doubt.
 */
export function dropOwned(context: FoldContext, statement: DropOwnedStmt): void {
  const { world } = context;
  const roles = new Set(all(statement.roles, "RoleSpec").map((role) => roleName(world, role)));
  if (world.server === undefined)
    doubt(context, "DROP OWNED takes what roles own, which is not recorded");
  mapOwned(world, ({ owner, grants }) => ({
    owner,
    grants: grants.filter(({ grantee }) => !roles.has(grantee)),
  }));
  world.defaultPrivileges = world.defaultPrivileges.flatMap((each) =>
    roles.has(each.owner) ? [] : (withoutRoles(each, roles) ?? []),
  );
  for (const { id, owner } of Array.from(world.relations.values()))
    if (owner !== undefined && roles.has(owner)) dropRelation(world, id);
  for (const routine of Array.from(world.routines.values()).flat())
    if (routine.owner !== undefined && roles.has(routine.owner)) dropRoutine(world, routine);
  for (const [schema, { owner }] of world.schemaPrivileges)
    if (owner !== undefined && roles.has(owner)) dropSchema(world, schema);
}

/** An entry in which roles are given nothing; undefined when it then says no more than Postgres' own. */
function withoutRoles(
  entry: DefaultPrivileges,
  roles: ReadonlySet<string | undefined>,
): DefaultPrivileges | undefined {
  const grants = entry.grants.filter(({ grantee }) => !roles.has(grantee));
  const plain = entry.schema === undefined ? builtinGrants(entry.objects) : [];
  return sameGrants(grants, plain) ? undefined : { ...entry, grants };
}

interface Owned {
  readonly owner: string | undefined;
  readonly grants: readonly Grant[];
}

/** Another owner or other grants for all that has them: a rare statement about the whole catalog. */
function mapOwned(world: World, map: (owned: Owned) => Owned): void {
  for (const relation of Array.from(world.relations.values()))
    putRelation(world, {
      ...relation,
      ...map({ owner: relation.owner, grants: relation.grants }),
      columns: relation.columns.map((column) =>
        column.grants.length === 0
          ? column
          : { ...column, grants: map({ owner: relation.owner, grants: column.grants }).grants },
      ),
    });
  for (const routine of Array.from(world.routines.values()).flat())
    putRoutine(world, { ...routine, ...map({ owner: routine.owner, grants: routine.grants }) });
  for (const [schema, owned] of world.schemaPrivileges)
    putSchemaPrivileges(world, schema, map(owned));
}

export function createTablespace(context: FoldContext, statement: CreateTableSpaceStmt): void {
  add(context.world, "tablespaces", statement.tablespacename);
}

export function dropTablespace(context: FoldContext, statement: DropTableSpaceStmt): void {
  remove(context.world, "tablespaces", statement.tablespacename);
}

export function createAccessMethod({ world }: FoldContext, { amname }: CreateAmStmt): void {
  add(world, "accessMethods", amname);
}

/** What is stored by the method goes with it. */
export function dropAccessMethod(world: World, name: string): void {
  remove(world, "accessMethods", name);
  for (const { id, accessMethod, index } of Array.from(world.relations.values()))
    if (accessMethod === name || index?.method === name) dropRelation(world, id);
}
