import type {
  AlterTableMoveAllStmt,
  CreateRoleStmt,
  DropOwnedStmt,
  DropRoleStmt,
  GrantStmt,
  Node,
  ReassignOwnedStmt,
  RoleSpec,
} from "@pgsql/types";
import type { Relation } from "../world/index.ts";
import { DropClosure } from "./drop/closure.ts";
import type { EffectDraft } from "./draft.ts";
import { target } from "./names.ts";
import { statementOf } from "./nested-statement.ts";

/** The role that is meant; undefined for everybody, and where the running one is not known. */
function roleOf({ world }: EffectDraft, role: RoleSpec | undefined): string | undefined {
  if (role?.roletype === "ROLESPEC_CSTRING") return role.rolename;
  return role?.roletype === "ROLESPEC_PUBLIC" ? undefined : world.server?.role;
}

function rolesIn(nodes: readonly Node[] | undefined): readonly RoleSpec[] {
  return (nodes ?? []).flatMap((node) => ("RoleSpec" in node ? [node.RoleSpec] : []));
}

/** Notes the failure when a role is not there. Files alone do not say which roles a server has. */
export function refuseMissingRoles(draft: EffectDraft, nodes: readonly Node[] | undefined): void {
  const { server } = draft.world;
  for (const role of rolesIn(nodes)) {
    const name = roleOf(draft, role);
    if (server !== undefined && name !== undefined && !server.roles.has(name))
      draft.fail("always", "42704", `role "${name}" does not exist`);
  }
}

/** Notes the failure when a tablespace is not there. */
export function refuseMissingTablespace(draft: EffectDraft, name: string | undefined): void {
  const { server } = draft.world;
  if (server !== undefined && name !== undefined && !server.tablespaces.has(name))
    draft.fail("always", "42704", `tablespace "${name}" does not exist`);
}

/** Notes the failure when an access method is not there. An extension may have brought it since the server was read. */
export function refuseMissingAccessMethod(draft: EffectDraft, name: string | undefined): void {
  const { server, extensions } = draft.world;
  if ([...extensions].some((extension) => !extension.startsWith("pl"))) return;
  if (server !== undefined && name !== undefined && !server.accessMethods.has(name))
    draft.fail("always", "42704", `access method "${name}" does not exist`);
}

/** GRANT and REVOKE lock nothing before Postgres 18, and then AccessShare on what they name (aclchk.c). */
export function predictGrant(draft: EffectDraft, statement: GrantStmt): void {
  refuseMissingRoles(draft, statement.grantees);
  if (statement.targtype !== "ACL_TARGET_OBJECT") return;
  if (statement.objtype !== "OBJECT_TABLE" && statement.objtype !== "OBJECT_SEQUENCE") return;
  for (const node of statement.objects ?? []) {
    const relation = "RangeVar" in node ? target(draft, node.RangeVar) : undefined;
    if (relation === undefined) continue;
    if (relation.index !== undefined)
      draft.fail("always", "42809", `"${relation.name}" is an index`);
    else if (draft.world.major >= 18) draft.lock(relation, "AccessShare");
  }
}

export function predictCreateRole(draft: EffectDraft, { role = "" }: CreateRoleStmt): void {
  if (draft.world.server?.roles.has(role) === true)
    draft.fail("always", "42710", `role "${role}" already exists`);
}

export function predictDropRole(draft: EffectDraft, statement: DropRoleStmt): void {
  if (statement.missing_ok !== true) refuseMissingRoles(draft, statement.roles);
}

/** Relations that belong to the roles; a doubt where the owner of one is not known. */
function ownedBy(draft: EffectDraft, roles: readonly RoleSpec[]): readonly Relation[] {
  const { world } = draft;
  if (world.server === undefined || !draft.knowsAll)
    draft.unknown("what belongs to a role is not known");
  const names = new Set(roles.map((role) => roleOf(draft, role)));
  return [...world.relations.values()].filter(
    ({ owner }) => owner !== undefined && names.has(owner),
  );
}

/** DROP OWNED: every object of the roles, as DROP does it (pg_shdepend.c, shdepDropOwned). */
export function predictDropOwned(draft: EffectDraft, statement: DropOwnedStmt): void {
  refuseMissingRoles(draft, statement.roles);
  if (draft.fails) return;
  const owned = ownedBy(draft, rolesIn(statement.roles));
  const closure = new DropClosure(draft, statement.behavior === "DROP_CASCADE", owned);
  for (const relation of owned) closure.relation(relation, "other");
  closure.finish("objects owned by the role");
}

/** REASSIGN OWNED: AccessExclusive on each relation, as OWNER TO takes it (pg_shdepend.c, shdepReassignOwned). */
export function predictReassignOwned(draft: EffectDraft, statement: ReassignOwnedStmt): void {
  refuseMissingRoles(draft, statement.roles);
  if (statement.newrole !== undefined) refuseMissingRoles(draft, [{ RoleSpec: statement.newrole }]);
  if (draft.fails) return;
  for (const relation of ownedBy(draft, rolesIn(statement.roles)))
    draft.lock(relation, "AccessExclusive", "other");
}

/** Kinds of relations that ALTER … ALL IN TABLESPACE moves. */
const moved: Readonly<Record<string, readonly Relation["kind"][]>> = {
  OBJECT_TABLE: ["table", "partitioned table"],
  OBJECT_INDEX: ["index", "partitioned index"],
  OBJECT_MATVIEW: ["materialized view"],
};

/**
 * ALTER TABLE, INDEX or MATERIALIZED VIEW ALL IN TABLESPACE: SET TABLESPACE of each (tablecmds.c, AlterTableMoveAll).
 */
export function predictMoveAll(draft: EffectDraft, statement: AlterTableMoveAllStmt): void {
  const { orig_tablespacename: from = "", new_tablespacename: to = "" } = statement;
  const { world } = draft;
  refuseMissingTablespace(draft, from);
  refuseMissingTablespace(draft, to);
  if (draft.fails) return;
  if (from === "pg_global" || to === "pg_global") {
    draft.fail("always", "22023", "cannot move relations in to or out of pg_global tablespace");
    return;
  }
  if (from === to) return;
  if (world.server === undefined || !draft.knowsAll)
    draft.unknown("which tables are moved to another tablespace is not known");
  const owners = new Set(rolesIn(statement.roles).map((role) => roleOf(draft, role)));
  const own = world.server?.databaseTablespace;
  for (const { kind, tablespace = own, owner, schema, name } of world.relations.values()) {
    if (tablespace !== from || moved[statement.objtype ?? ""]?.includes(kind) !== true) continue;
    if (owners.size > 0 && !owners.has(owner)) continue;
    draft.add(
      draft.predict(
        statementOf({
          AlterTableStmt: {
            relation: { schemaname: schema, relname: name, inh: true, relpersistence: "p" },
            objtype: statement.objtype ?? "OBJECT_TABLE",
            cmds: [{ AlterTableCmd: { subtype: "AT_SetTableSpace", name: to } }],
          },
        }),
      ),
    );
  }
}
