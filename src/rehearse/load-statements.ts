import type { RowMaker } from "../clone/index.ts";
import type { Catalog, Table } from "../catalog/index.ts";
import type { Session } from "../pg/index.ts";
import { quoteIdent, quoteQualified, type QualifiedName } from "../sql/index.ts";
import type { Operation } from "./load.ts";

/** What an application does to one table, by its primary key. */
export interface LoadTable {
  readonly relation: QualifiedName;
  /** Texts of keys that are there. */
  readonly keys: readonly (readonly string[])[];
  readonly read: string;
  /** Writes a column as it is; undefined where every column is of a key. */
  readonly update: string | undefined;
  /** Puts a row in and gives its key; the number of the row is its parameter. */
  readonly insert: { readonly sql: string; readonly next: number } | undefined;
  readonly remove: string;
}

/** Tables at the most; the largest ones. */
const mostTables = 40;
const mostKeys = 200;

/** Half reads, as an application has them at least. */
const turns = ["read", "insert", "read", "update", "read", "delete"] as const;

/** Reads, inserts, updates and deletes by primary key, round the tables: a load that the schema alone tells. */
export function schemaLoad(tables: readonly LoadTable[]): {
  readonly operations: readonly Operation[];
  readonly at: (turn: number) => Operation;
} {
  let asked = 0;
  const operations = tables.map((table) => operationsOf(table, () => asked));
  return {
    operations: operations.flatMap(({ read, insert, update, delete: remove }) => [
      read,
      insert,
      update,
      remove,
    ]),
    at: (turn) => {
      asked = turn + 1;
      return operations[Math.floor(turn / turns.length) % tables.length]![
        turns[turn % turns.length]!
      ];
    },
  };
}

/** @param turn which of the keys is next */
function operationsOf(
  { relation, keys, read, insert, update, remove }: LoadTable,
  turn: () => number,
): Readonly<Record<(typeof turns)[number], Operation>> {
  let next = insert?.next ?? 0;
  const inserted: (readonly unknown[])[] = [];
  const withKey = (sql: string | undefined) => () =>
    sql === undefined ? undefined : { sql, values: keys[turn() % keys.length]! };
  return {
    read: { relation, kind: "read", next: withKey(read) },
    update: { relation, kind: "update", next: withKey(update) },
    insert: {
      relation,
      kind: "insert",
      next: () => (insert === undefined ? undefined : { sql: insert.sql, values: [next++] }),
      answered: (rows) => inserted.push(...rows),
    },
    delete: {
      relation,
      kind: "delete",
      next: () => {
        const key = inserted.shift();
        return key === undefined ? undefined : { sql: remove, values: key };
      },
    },
  };
}

/** Statements for each table with a primary key and rows. */
export async function loadTables(
  session: Session,
  catalog: Pick<Catalog, "tables">,
  makers: readonly RowMaker[],
): Promise<readonly LoadTable[]> {
  const tables: { readonly table: LoadTable; readonly bytes: number }[] = [];
  for (const [name, table] of Object.entries(catalog.tables)) {
    if (table.schema === "lockstep" || table.kind === "foreign" || table.partitionOf !== null)
      continue;
    const key = table.constraints.find(({ kind }) => kind === "primary-key");
    if (key?.kind !== "primary-key") continue;
    const sql = quoteQualified(table.schema, table.name);
    const list = key.columns.map((column) => `${quoteIdent(column)}::text`).join(", ");
    const [[bytes]] = (await session.queryArrays(
      `SELECT coalesce(sum(pg_catalog.pg_relation_size(relid)), 0)::float8 FROM (
         SELECT t.relid FROM pg_catalog.pg_partition_tree($1::regclass) AS t UNION SELECT $1::regclass) AS p`,
      [sql],
    )) as [[number]];
    const keys = (await session.queryArrays(
      `SELECT ${list} FROM ${sql} LIMIT ${mostKeys}`,
    )) as string[][];
    if (keys.length === 0) continue;
    const maker = makers.find(({ relation }) => relation === name);
    tables.push({
      bytes,
      table: { ...statementsOf(sql, table, key.columns, maker), relation: name, keys },
    });
  }
  return tables
    .toSorted((a, b) => b.bytes - a.bytes)
    .slice(0, mostTables)
    .map(({ table }) => table);
}

function statementsOf(
  sql: string,
  table: Table,
  key: readonly string[],
  maker: RowMaker | undefined,
): Omit<LoadTable, "relation" | "keys"> {
  const typeOf = (name: string) => table.columns.find((column) => column.name === name)!.type.text;
  const where = key
    .map((name, index) => `${quoteIdent(name)} = $${index + 1}::text::${typeOf(name)}`)
    .join(" AND ");
  const used = new Set(
    table.constraints.flatMap((one) => (one.kind === "check" ? [] : one.columns)),
  );
  const free = table.columns.find(({ name, generated }) => generated === null && !used.has(name));
  const returning = key.map((name) => `${quoteIdent(name)}::text`).join(", ");
  const names = (maker?.columns ?? []).map(quoteIdent).join(", ");
  return {
    read: `SELECT * FROM ${sql} WHERE ${where}`,
    update:
      free === undefined
        ? undefined
        : `UPDATE ${sql} SET ${quoteIdent(free.name)} = ${quoteIdent(free.name)} WHERE ${where}`,
    insert:
      maker === undefined
        ? undefined
        : {
            sql: `INSERT INTO ${sql} (${names}) OVERRIDING SYSTEM VALUE ${maker.select} RETURNING ${returning}`,
            next: maker.next,
          },
    remove: `DELETE FROM ${sql} WHERE ${where}`,
  };
}
