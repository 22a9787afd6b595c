import { everybody, sameGrants, builtinGrants, withGrant, type GrantedObject } from "../grants.ts";
import type {
  DefaultPrivileges,
  Grant,
  ObjectId,
  Privileges,
  PublishedTable,
  Publication,
  ServerFacts,
  World,
} from "../model.ts";
import { columnsIn } from "../expressions.ts";
import type { DefaultGrantRow, GrantRow, PublicationRow, ServerRow } from "./access-queries.ts";
import type { ExpressionTexts } from "./expressions.ts";
import { groupBy } from "./group.ts";
import type { SchemaRow } from "./queries.ts";
import type { ColumnNames } from "./relations.ts";

/** Grants by kind, object and column. */
export class Grants {
  readonly #rows: ReadonlyMap<string, readonly GrantRow[]>;

  constructor(rows: readonly GrantRow[]) {
    this.#rows = groupBy(rows, ({ kind, object, column }) => `${kind} ${object} ${column}`);
  }

  of(kind: GrantRow["kind"], object: ObjectId, column = 0): readonly Grant[] {
    return (this.#rows.get(`${kind} ${object} ${column}`) ?? []).map(grantOf);
  }
}

function grantOf(row: Pick<GrantRow, "grantee" | "privileges">): Grant {
  return { grantee: row.grantee ?? everybody, privileges: row.privileges };
}

/** Schemas of others than the running role, or with privileges for others than the owner. */
export function schemaPrivileges(
  rows: readonly SchemaRow[],
  grants: Grants,
  role: string,
): ReadonlyMap<string, Privileges> {
  return new Map(
    rows.flatMap(({ oid, name, owner }): [string, Privileges][] => {
      const own = grants.of("schema", oid);
      return owner === role && own.length === 0 ? [] : [[name, { owner, grants: own }]];
    }),
  );
}

/** `pg_default_acl.defaclobjtype`. */
const objectTypes: Readonly<Record<string, GrantedObject>> = {
  r: "tables",
  S: "sequences",
  f: "routines",
  T: "types",
  n: "schemas",
};

export function defaultPrivileges(rows: readonly DefaultGrantRow[]): readonly DefaultPrivileges[] {
  const entries = groupBy(rows, ({ owner, schema, objects }) =>
    JSON.stringify([owner, schema, objects]),
  );
  return [...entries.values()].flatMap((entry) => {
    const [{ owner, schema, objects: letter }] = entry as readonly [DefaultGrantRow];
    const objects = objectTypes[letter];
    if (objects === undefined) return [];
    let grants: readonly Grant[] = [];
    for (const { grantee, privileges } of entry)
      if (privileges !== null) grants = withGrant(grants, grantee ?? everybody, privileges);
    const isPlain = schema === null && sameGrants(grants, builtinGrants(objects));
    return isPlain ? [] : [{ owner, schema: schema ?? undefined, objects, grants }];
  });
}

export function serverFacts(rows: readonly ServerRow[]): ServerFacts {
  const named = (kind: ServerRow["kind"]) =>
    rows.filter((row) => row.kind === kind).map(({ name }) => name);
  return {
    role: named("running")[0] ?? "",
    roles: new Set(named("role")),
    tablespaces: new Set(named("tablespace")),
    databaseTablespace: named("own tablespace")[0] ?? "pg_default",
    accessMethods: new Set(named("access method")),
  };
}

export function publications(rows: readonly PublicationRow[]): World["publications"] {
  const found = new Map<string, Publication>();
  for (const [name, own] of groupBy(rows, (row) => row.name))
    found.set(name, {
      name,
      allTables: own[0]!.all_tables,
      schemas: own.flatMap(({ schema }) => schema ?? []),
    });
  return found;
}

/** What publications say of tables, by table. */
export function publishedTables(
  rows: readonly PublicationRow[],
  nameOf: ColumnNames,
  texts: ExpressionTexts,
): ReadonlyMap<ObjectId, readonly PublishedTable[]> {
  const byTable = groupBy(
    rows.filter((row) => row.table !== null),
    (row) => row.table ?? 0,
  );
  return new Map(
    [...byTable].map(([table, own]) => [
      table,
      own.map(({ name, columns, filter }) => ({
        publication: name,
        columns: columns?.flatMap((number) => nameOf(table, number) ?? []),
        filter: filter === null ? undefined : columnsIn(texts.expressions(filter)[0]),
      })),
    ]),
  );
}
