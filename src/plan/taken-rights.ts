import { diff, type Catalog, type Difference, type Grant } from "../catalog/index.ts";
import { namePart } from "../sql/index.ts";
import type { NaiveStatement } from "./operations/operation.ts";

export interface RightsRequest extends NaiveStatement {
  /** The statements in front of it. */
  readonly preceding: readonly NaiveStatement[];
  /** Catalog before the whole migration. */
  readonly start: Catalog;
}

/** What two releases that share one role cannot both have. */
export interface RightsRefusal {
  readonly why: string;
  readonly instead: readonly string[];
}

/**
 * Tells of a statement that blocks nobody and breaks no query of the table's owner whether it takes something away from
 * another role all the same: a privilege, rows behind row security, a trigger. A proof, which is no such role, does not
 * see that. It waits for the contract phase, but for things that the migration makes itself.
 *
 * @returns `late` when it belongs there, undefined when it takes nothing away
 */
export async function takenRights(
  request: RightsRequest,
): Promise<"late" | RightsRefusal | undefined> {
  const { statement, before, after, preceding, start } = request;
  const { node } = statement;
  // Memberships are no part of a catalog.
  if ("GrantRoleStmt" in node) return node.GrantRoleStmt.is_grant === true ? undefined : "late";
  const found = await diff(before, after);
  if (found.some((one) => one.kind === "policy-changed" && isThere(one.before.table, start)))
    return {
      why: "both releases are under the policy, and what one of them may see or write changes with it",
      instead: [
        "CREATE POLICY under a new name, and DROP POLICY of the old one behind it: the first comes in the expand phase, the other goes in the contract phase, and in between rows pass that either lets through",
      ],
    };
  if (found.some((one) => takes(one, start))) return "late";
  const given = found.filter((one) => one.kind === "grants-changed");
  if (given.length === 0) return undefined;
  const taken = await takenBefore(preceding, start);
  const again = given.filter(({ object, before: had, after: has }) =>
    [...gainers(has, had, object)].some((grantee) => taken.has(part(object, grantee))),
  );
  if (again.length === 0) return undefined;
  if (again.every(({ object, after: now }) => isCovered(now, start.grants[object] ?? null, object)))
    return "late";
  return {
    why: "a REVOKE in front of it waits for the contract phase, and this GRANT, which builds on it, gives more than there was before",
    instead: ["GRANT what is new in front of the REVOKE"],
  };
}

/** What statements take privileges on, and from whom. */
async function takenBefore(
  preceding: readonly NaiveStatement[],
  start: Catalog,
): Promise<ReadonlySet<string>> {
  const taken = new Set<string>();
  for (const { statement, before, after } of preceding)
    if ("GrantStmt" in statement.node)
      for (const { kind, object, before: had, after: has } of await diff(before, after))
        if (kind === "grants-changed" && isThereByAddress(object, start))
          for (const grantee of gainers(had, has, object)) taken.add(part(object, grantee));
  return taken;
}

function part(address: string, grantee: string): string {
  return `${address}\n${grantee}`;
}

function takes(difference: Difference, start: Catalog): boolean {
  const { kind, object, before, after } = difference;
  if (kind === "grants-changed")
    return isThereByAddress(object, start) && !isCovered(before, after, object);
  if (kind === "row-security-changed") {
    const isMore = (after.enabled && !before.enabled) || (after.forced && !before.forced);
    return isMore && isThere(object, start);
  }
  if (kind === "extra-policy") return !after.permissive && isThere(after.table, start);
  return (
    kind === "trigger-enabled-changed" &&
    (after === "disabled" || after === "replica") &&
    object in start.triggers
  );
}

function isThere(table: string, start: Catalog): boolean {
  return table in start.tables;
}

/** True when what an address names was there before the migration. */
function isThereByAddress(address: string, start: Catalog): boolean {
  const [, kind, name = ""] = /^(materialized view|\w+) (.*)$/s.exec(address) ?? [];
  const { tables, views, materializedViews, sequences, routines, aggregates } = start;
  const { enums, domains, compositeTypes, rangeTypes, schemas } = start;
  if (kind === "schema") return schemas.some((schema) => namePart(schema.name) === name);
  const withColumns = [tables, views, materializedViews, compositeTypes];
  if (kind === "column")
    return withColumns.some((part) => Object.keys(part).some((one) => name.startsWith(`${one}.`)));
  const others = [sequences, routines, aggregates, enums, domains, rangeTypes];
  return [...withColumns, ...others].some((part) => name in part);
}

/** True when the second list has every privilege of the first, those of the owner aside. */
function isCovered(
  first: readonly Grant[] | null,
  second: readonly Grant[] | null,
  address: string,
): boolean {
  return gainers(first, second, address).size === 0;
}

/** Who has a privilege by the first list which the second does not give them; owners have what they want. */
function gainers(
  first: readonly Grant[] | null,
  second: readonly Grant[] | null,
  address: string,
): ReadonlySet<string> {
  const has = second ?? byDefault(address);
  const more = (first ?? byDefault(address)).filter(
    (one) =>
      one.grantee !== "OWNER" &&
      !has.some(
        ({ grantee, privilege, grantable }) =>
          grantee === one.grantee &&
          (privilege === one.privilege || privilege === "ALL") &&
          (grantable || !one.grantable),
      ),
  );
  return new Set(more.map(({ grantee }) => grantee));
}

/** What PUBLIC may do with an object nobody granted anything on (acldefault in acl.c). */
function byDefault(address: string): readonly Grant[] {
  const everyone = (privilege: string) => [{ grantee: "PUBLIC", privilege, grantable: false }];
  const [kind = ""] = address.split(" ", 1);
  if (["function", "procedure", "aggregate", "routine"].includes(kind)) return everyone("EXECUTE");
  return ["type", "domain"].includes(kind) ? everyone("USAGE") : [];
}
