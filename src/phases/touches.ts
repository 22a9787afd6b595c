import type { Session } from "../pg/index.ts";
import { parseSql, qualifiedName, type Statement } from "../sql/index.ts";
import type { PlanFolder } from "../plan/index.ts";

/** Names of relations and types in some SQL, each as `qualifiedName` writes it; without a schema where none is written. */
export interface Touched {
  readonly names: ReadonlySet<string>;
  /** Why more may be touched than can be read from the text. */
  readonly unknown: string | undefined;
}

/** @throws LockstepError `sql-syntax` */
export async function touchedBy(sql: string, file: string): Promise<Touched> {
  return touchedIn(await parseSql(sql, file));
}

/** What a plan touches: the tables that it was made for, and what its files name. */
export async function touchedByPlan({ manifest, texts, path }: PlanFolder): Promise<Touched> {
  const sql = [texts["expand.sql"], texts["backfill.sql"], texts["contract.sql"]];
  const each = await Promise.all(sql.map(async (text) => touchedBy(text, path)));
  const names = new Set([
    ...Object.keys(manifest.start.tables),
    ...each.flatMap((one) => [...one.names]).filter((name) => !name.startsWith("lockstep.")),
  ]);
  return { names, unknown: undefined };
}

/** Names that both touch; one without a schema is taken for any of that name. */
export function shared(one: ReadonlySet<string>, other: ReadonlySet<string>): readonly string[] {
  return [...one].filter((name) => [...other].some((second) => isSame(name, second)));
}

function isSame(one: string, other: string): boolean {
  if (one === other) return true;
  return one.endsWith(`.${other}`) || other.endsWith(`.${one}`);
}

/** Statements whose work is in a program, not in their text. */
const programs: Readonly<Record<string, string>> = {
  DoStmt: "DO",
  CallStmt: "CALL",
};

function touchedIn(statements: readonly Statement[]): Touched {
  const names = new Set<string>();
  let unknown: string | undefined;
  for (const { node, kind, line } of statements) {
    if (programs[kind] !== undefined)
      unknown = `${programs[kind]} in line ${line} may touch anything`;
    collect(node, names);
  }
  return { names, unknown };
}

type Body = Readonly<Record<string, unknown>>;

/** Members of a parse tree's nodes that hold a name in parts: types and what DROP, COMMENT and ALTER TYPE are about. */
const lists = ["names", "typeName", "object", "objects"] as const;

function collect(value: unknown, names: Set<string>): void {
  if (Array.isArray(value)) {
    for (const one of value) collect(one, names);
    return;
  }
  if (typeof value !== "object" || value === null) return;
  const body = value as Body;
  if (typeof body["relname"] === "string")
    names.add(
      nameOf([body["schemaname"], body["relname"]].filter((part) => typeof part === "string")),
    );
  for (const member of lists) addList(body[member], names);
  for (const one of Object.values(body)) collect(one, names);
}

function addList(value: unknown, names: Set<string>): void {
  if (!Array.isArray(value)) return;
  const parts = value.map((one) => (one as { String?: { sval?: string } }).String?.sval);
  if (parts.length > 0 && parts.every((part) => part !== undefined)) {
    // pg_catalog.int4 and the like are nobody's.
    if (parts[0] !== "pg_catalog") names.add(nameOf(parts));
    return;
  }
  for (const one of value) addList((one as { List?: { items?: unknown } }).List?.items, names);
}

function nameOf(parts: readonly unknown[]): string {
  return qualifiedName(...(parts as [string, ...string[]]));
}

/** The names without those of Postgres' own types, which `text` and `uuid` are written as. */
export async function ownNames(
  session: Session,
  names: ReadonlySet<string>,
): Promise<readonly string[]> {
  const { rows } = await session.query<{ name: string }>(
    `SELECT name FROM pg_catalog.unnest($1::text[]) AS name
      WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_type t
        WHERE t.typname = name AND t.typnamespace = 'pg_catalog'::pg_catalog.regnamespace) ORDER BY name`,
    [[...names]],
  );
  return rows.map(({ name }) => name);
}
