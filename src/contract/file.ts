import { relative, resolve } from "node:path";
import { qualifiedName } from "../catalog/index.ts";
import { LockstepError, suggest } from "../errors/index.ts";
import { parseSql, quoteIdent, quoteLiteral, quoteQualified } from "../sql/index.ts";
import type { Access, ContractCheck, ContractVariable } from "./contract.ts";
import type { Annotations } from "./from-catalog.ts";
import { readJsonSource, type JsonSource } from "./json-source.ts";
import type { ScratchStatement } from "./scratch-ddl.ts";

/** A contract as a person writes it, turned into statements for scratch. */
export interface ContractFile {
  readonly statements: readonly ScratchStatement[];
  readonly annotations: Annotations;
  readonly env: readonly ContractVariable[];
  readonly checks: readonly ContractCheck[];
  readonly role: string | undefined;
}

/** Members that each kind of object of the file may have. */
const known = {
  file: ["tables", "enums", "env", "checks", "role", "$schema"],
  table: ["columns", "primaryKey", "unique", "access"],
  column: ["type", "nullable", "default", "values"],
  check: ["name", "sql", "equals"],
} as const;

const accesses: readonly Access[] = ["select", "insert", "update", "delete"];

const commonTypes =
  "bigint bigserial bit boolean bool bytea char character cidr citext date decimal double float float4 float8 inet int int2 int4 int8 integer interval json jsonb macaddr money numeric oid point real serial smallint text time timestamp timestamptz timetz tsvector uuid varchar xml".split(
    " ",
  );

type Path = readonly (string | number)[];

/**
 * Reads a contract written by hand:
 *
 * `{ "tables": { "orders": { "columns": { "id": "uuid", "note": { "type": "text", "nullable": true } },
 * "primaryKey": ["id"], "unique": [["email"]], "access": ["select"] } }, "enums": { "status": ["new"] },
 * "env": ["STRIPE_KEY"], "checks": [{ "name": "…", "sql": "SELECT …", "equals": 1 }], "role": "app" }`
 *
 * Names may hold a schema (`shop.orders`), `public` otherwise. A column given as a bare type says nothing
 * about NULL or defaults: the code is taken to write a value always, and to cope with NULL.
 *
 * @throws LockstepError `contract-source` with file:line, and what was probably meant
 */
export async function readContractFile(path: string, root: string): Promise<ContractFile> {
  const file = resolve(root, path);
  const shown = relative(root, file);
  const source = readJsonSource(file, shown);
  const reader = new FileReader(source, shown);
  return reader.read();
}

/** One file being read; each method says where it stands when something is wrong. */
class FileReader {
  readonly #source: JsonSource;
  readonly #shown: string;
  readonly #statements: ScratchStatement[] = [];
  readonly #places = new Map<string, string>();
  readonly #columns = new Map<
    string,
    { supplied: boolean; nullable?: null; values: string[] | null }
  >();
  readonly #access = new Map<string, readonly Access[]>();
  readonly #types = new Set(commonTypes);

  constructor(source: JsonSource, shown: string) {
    this.#source = source;
    this.#shown = shown;
  }

  async read(): Promise<ContractFile> {
    const top = this.#object(this.#source.value, [], known.file);
    const enums = this.#map(top["enums"], ["enums"]);
    const tables = this.#map(top["tables"], ["tables"]);
    const names = [...Object.keys(enums), ...Object.keys(tables)];
    for (const schema of new Set(names.map((name) => split(name)[0])))
      if (schema !== "public") this.#add(`CREATE SCHEMA ${quoteIdent(schema)}`, []);
    for (const [name, labels] of Object.entries(enums)) this.#enum(name, labels);
    for (const [name, table] of Object.entries(tables)) await this.#table(name, table);
    const role = top["role"];
    return {
      statements: this.#statements,
      annotations: {
        from: (address) => this.#places.get(address),
        column: (table, column) => this.#columns.get(`${table}.${qualifiedName(column)}`),
        access: (relation) => this.#access.get(relation),
      },
      env: this.#list(top["env"], ["env"]).map((name, index) => ({
        name: this.#text(name, ["env", index]),
        from: this.#at(["env", index]),
      })),
      checks: this.#list(top["checks"], ["checks"]).map((check, index) =>
        this.#check(check, ["checks", index]),
      ),
      role: role === undefined ? undefined : this.#text(role, ["role"]),
    };
  }

  #enum(name: string, value: unknown): void {
    const path = ["enums", name];
    const labels = this.#list(value, path).map((label, index) =>
      this.#text(label, [...path, index]),
    );
    const [schema, own] = split(name);
    const literals = labels.map(quoteLiteral).join(", ");
    this.#add(`CREATE TYPE ${quoteQualified(schema, own)} AS ENUM (${literals})`, path);
    this.#types.add(own);
    const type = qualifiedName(schema, own);
    this.#places.set(`type ${type}`, this.#at(path));
    for (const [index, label] of labels.entries())
      this.#places.set(`label ${type}.${qualifiedName(label)}`, this.#at([...path, index]));
  }

  async #table(name: string, value: unknown): Promise<void> {
    const path = ["tables", name];
    const table = this.#object(value, path, known.table);
    const [schema, own] = split(name);
    const address = qualifiedName(schema, own);
    this.#places.set(`relation ${address}`, this.#at(path));
    const parts: string[] = [];
    for (const [column, definition] of Object.entries(
      this.#map(table["columns"], [...path, "columns"]),
    ))
      parts.push(await this.#column(address, column, definition, [...path, "columns", column]));
    const key = (word: string, columns: unknown, at: Path) =>
      parts.push(`${word} (${this.#names(columns, at).map(quoteIdent).join(", ")})`);
    if (table["primaryKey"] !== undefined)
      key("PRIMARY KEY", table["primaryKey"], [...path, "primaryKey"]);
    for (const [index, columns] of this.#list(table["unique"], [...path, "unique"]).entries())
      key("UNIQUE", columns, [...path, "unique", index]);
    if (table["access"] !== undefined)
      this.#access.set(
        address,
        this.#names(table["access"], [...path, "access"]).map((word, index) => {
          const access = accesses.find((one) => one === word);
          return access ?? this.#unknown("access", word, accesses, [...path, "access", index]);
        }),
      );
    this.#add(`CREATE TABLE ${quoteQualified(schema, own)} (${parts.join(", ")})`, path);
  }

  async #column(table: string, name: string, value: unknown, path: Path): Promise<string> {
    const column: Readonly<Record<string, unknown>> =
      typeof value === "string" ? { type: value } : this.#object(value, path, known.column);
    const type = await this.#type(this.#text(column["type"], [...path, "type"]), path);
    const { nullable, default: given, values } = column;
    if (nullable !== undefined && typeof nullable !== "boolean")
      this.#wrong("true or false", nullable, [...path, "nullable"]);
    const expression =
      given === undefined
        ? undefined
        : await this.#expression(this.#text(given, [...path, "default"]), [...path, "default"]);
    this.#places.set(`column ${table}.${qualifiedName(name)}`, this.#at(path));
    this.#columns.set(`${table}.${qualifiedName(name)}`, {
      supplied: given === undefined && nullable !== true,
      ...(nullable === undefined ? { nullable: null } : {}),
      values: values === undefined ? null : [...this.#names(values, [...path, "values"])],
    });
    return [
      `${quoteIdent(name)} ${type}`,
      expression === undefined ? "" : ` DEFAULT ${expression}`,
      nullable === false ? " NOT NULL" : "",
    ].join("");
  }

  /** The text of a type, proved by the grammar to be one type name and nothing more. */
  async #type(text: string, path: Path): Promise<string> {
    const expected = "one type as in CREATE TABLE: varchar(320), numeric(12,2), text[]";
    const statements = await parseSql(`CREATE TABLE x (c ${text}\n)`, this.#at(path)).catch(
      () => [],
    );
    const stmt = statements.length === 1 ? statements[0]!.node : undefined;
    const elements =
      stmt !== undefined && "CreateStmt" in stmt ? (stmt.CreateStmt.tableElts ?? []) : [];
    const definition =
      elements.length === 1 && "ColumnDef" in elements[0]! ? elements[0].ColumnDef : undefined;
    const plain = definition?.constraints === undefined && definition?.collClause === undefined;
    const names = definition?.typeName?.names ?? [];
    const last = names.at(-1);
    if (!plain || last === undefined || !("String" in last))
      return this.#wrong(expected, text, path);
    const name = last.String.sval ?? "";
    const close =
      names.length === 1 && !this.#types.has(name) ? suggest(name, this.#types) : undefined;
    return close === undefined ? text : this.#unknown("type", name, this.#types, path);
  }

  /** The text of a default, proved by the grammar to be one expression. */
  async #expression(text: string, path: Path): Promise<string> {
    const statements = await parseSql(`SELECT (${text}\n)`, this.#at(path)).catch(() => []);
    const stmt = statements.length === 1 ? statements[0]!.node : undefined;
    const targets =
      stmt !== undefined && "SelectStmt" in stmt ? (stmt.SelectStmt.targetList ?? []) : [];
    return targets.length === 1
      ? `(${text}\n)`
      : this.#wrong("one SQL expression: now(), 'new', 0", text, path);
  }

  #check(value: unknown, path: Path): ContractCheck {
    const check = this.#object(value, path, known.check);
    if (check["equals"] === undefined) this.#wrong("`equals`, the expected answer", "none", path);
    return {
      name: this.#text(check["name"], [...path, "name"]),
      sql: this.#text(check["sql"], [...path, "sql"]),
      equals: check["equals"],
      from: this.#at(path),
    };
  }

  #object(
    value: unknown,
    path: Path,
    members: readonly string[],
  ): Readonly<Record<string, unknown>> {
    const object = this.#map(value, path);
    for (const key of Object.keys(object))
      if (!members.includes(key)) this.#unknown("member", key, members, [...path, key]);
    return object;
  }

  #map(value: unknown, path: Path): Readonly<Record<string, unknown>> {
    if (value === undefined) return {};
    if (typeof value !== "object" || value === null || Array.isArray(value))
      return this.#wrong("an object", value, path);
    return value as Readonly<Record<string, unknown>>;
  }

  #list(value: unknown, path: Path): readonly unknown[] {
    if (value === undefined) return [];
    return Array.isArray(value) ? value : this.#wrong("a list", value, path);
  }

  /** A list of texts; one bare text is a list of one. */
  #names(value: unknown, path: Path): readonly string[] {
    const items = typeof value === "string" ? [value] : this.#list(value, path);
    return items.map((item, index) => this.#text(item, [...path, index]));
  }

  #text(value: unknown, path: Path): string {
    return typeof value === "string" && value !== "" ? value : this.#wrong("a text", value, path);
  }

  #add(sql: string, path: Path): void {
    this.#statements.push({ sql, from: this.#at(path) });
  }

  #at(path: Path): string {
    return `${this.#shown}:${this.#source.line(...path)}`;
  }

  #wrong(expected: string, found: unknown, path: Path): never {
    const from = this.#at(path);
    throw new LockstepError("contract-source", {
      what: `${from}: ${path.join(".") || "the file"} is not what a contract holds there`,
      expected,
      found: found === undefined ? "nothing" : JSON.stringify(found).slice(0, 120),
      from,
      next: [`correct ${from}`],
    });
  }

  #unknown(what: string, name: string, candidates: Iterable<string>, path: Path): never {
    const from = this.#at(path);
    const meant = suggest(name, candidates);
    const all = [...candidates];
    throw new LockstepError("contract-source", {
      what: `${from}: unknown ${what} "${name}"`,
      expected: all.length > 12 ? `a known ${what}` : `one of ${all.join(", ")}`,
      found: name,
      from,
      why: meant === undefined ? undefined : "a typing mistake",
      next: [meant === undefined ? `correct ${from}` : `did you mean "${meant}"?`],
    });
  }
}

/** `shop.orders` as schema and name; `public` when there is none. */
function split(name: string): readonly [string, string] {
  const dot = name.indexOf(".");
  return dot === -1 ? ["public", name] : [name.slice(0, dot), name.slice(dot + 1)];
}
