import type { DefaultPrivileges, Grant, World } from "./model.ts";
import type { RelationKind } from "../effect.ts";

/** Everybody: no role can have this name (acl.c, ACL_ID_PUBLIC). */
export const everybody = "public";

export type GrantedObject = DefaultPrivileges["objects"];

/** What ALL PRIVILEGES stands for (manual 5.8, table 5.2). */
export function allPrivileges(objects: GrantedObject, major: number): readonly string[] {
  switch (objects) {
    case "tables": {
      const maintain = major >= 17 ? ["MAINTAIN"] : [];
      return ["DELETE", "INSERT", ...maintain, ...tablePrivileges];
    }
    case "sequences":
      return ["SELECT", "UPDATE", "USAGE"];
    case "routines":
      return ["EXECUTE"];
    case "types":
      return ["USAGE"];
    case "schemas":
      return ["CREATE", "USAGE"];
  }
}

const tablePrivileges = ["REFERENCES", "SELECT", "TRIGGER", "TRUNCATE", "UPDATE"] as const;

const publicAtFirst: Readonly<Record<GrantedObject, readonly string[]>> = {
  tables: [],
  sequences: [],
  routines: ["EXECUTE"],
  types: ["USAGE"],
  schemas: [],
};

/** What others than the owner may do with a new object when nobody has said anything (acl.c, acldefault). */
export function builtinGrants(objects: GrantedObject): readonly Grant[] {
  const privileges = publicAtFirst[objects];
  return privileges.length === 0 ? [] : [{ grantee: everybody, privileges }];
}

/** Grants with privileges added for a role. */
export function withGrant(
  grants: readonly Grant[],
  grantee: string,
  privileges: readonly string[],
): readonly Grant[] {
  const old = grants.find((grant) => grant.grantee === grantee);
  const merged = [...new Set([...(old?.privileges ?? []), ...privileges])].sort();
  if (merged.length === 0) return grants;
  const grant = { grantee, privileges: merged };
  return old === undefined
    ? [...grants, grant]
    : grants.map((each) => (each === old ? grant : each));
}

/** Grants with privileges taken from a role. */
export function withoutGrant(
  grants: readonly Grant[],
  grantee: string,
  privileges: readonly string[],
): readonly Grant[] {
  return grants.flatMap((grant) => {
    if (grant.grantee !== grantee) return [grant];
    const rest = grant.privileges.filter((privilege) => !privileges.includes(privilege));
    return rest.length === 0 ? [] : [{ grantee, privileges: rest }];
  });
}

/** What others than the owner get on a new object: the owner's default privileges (aclchk.c, get_user_default_acl). */
export function newGrants(
  { defaultPrivileges }: World,
  owner: string | undefined,
  objects: GrantedObject,
  schema: string | undefined,
): readonly Grant[] {
  const entry = (wanted: string | undefined) =>
    defaultPrivileges.find(
      (each) => each.owner === owner && each.objects === objects && each.schema === wanted,
    )?.grants;
  let grants = entry(undefined) ?? builtinGrants(objects);
  if (schema !== undefined)
    for (const { grantee, privileges } of entry(schema) ?? [])
      grants = withGrant(grants, grantee, privileges);
  return grants.filter(({ grantee }) => grantee !== owner);
}

/** As what a relation is granted; undefined for indexes and composite types, which are not. */
export function grantedAs(kind: RelationKind): "tables" | "sequences" | undefined {
  switch (kind) {
    case "table":
    case "partitioned table":
    case "foreign table":
    case "view":
    case "materialized view":
      return "tables";
    case "sequence":
      return "sequences";
    case "index":
    case "partitioned index":
    case "composite type":
    case "toast table":
      return undefined;
  }
}

/** True for the same roles with the same privileges, in whatever order. */
export function sameGrants(a: readonly Grant[], b: readonly Grant[]): boolean {
  const text = (grants: readonly Grant[]) =>
    grants.map(({ grantee, privileges }) => `${grantee}\0${privileges.join()}`).sort();
  return text(a).join("\0\0") === text(b).join("\0\0");
}
