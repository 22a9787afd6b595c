import pg from "pg";
import {
  columnList,
  deleteParent,
  insert,
  nothing,
  upsert,
  type Scenario,
} from "./oracle-statements.ts";
import { usualPredicate, valueOf } from "./oracle-values.ts";
import { phases, type MadeColumn, type MadeSchema, type MadeTable } from "./rich-schema.ts";

/** What a driver makes of one statement's result: the columns' JavaScript kinds and the values as text. */
interface Outcome {
  readonly error: string | undefined;
  readonly fields: readonly {
    readonly name: string;
    readonly kind: string;
    readonly raw: string | null;
  }[];
}

/**
 * Tells whether code written for a schema really breaks: it sends the code's statements, as an ORM that names every
 * column would, and compares what a driver makes of the answers with what it made of them before. It knows
 * nothing of catalogs.
 */
export class Oracle {
  readonly #client: pg.Client;
  readonly #schema: MadeSchema;
  readonly #seeds: ReadonlyMap<string, readonly (string | null)[]>;
  readonly #before = new Map<string, Outcome>();

  private constructor(
    client: pg.Client,
    schema: MadeSchema,
    seeds: ReadonlyMap<string, readonly (string | null)[]>,
  ) {
    this.#client = client;
    this.#schema = schema;
    this.#seeds = seeds;
  }

  /** Writes one row into each table and runs every scenario once, to know what works before. */
  static async start(client: pg.Client, schema: MadeSchema): Promise<Oracle> {
    const seeds = new Map<string, readonly (string | null)[]>();
    for (const table of schema.tables) {
      const { sql, values } = insert(table, seeds, 1, "all");
      const { rows } = await client.query({
        text: sql,
        values: [...values],
        rowMode: "array",
        types: raw,
      });
      seeds.set(table.name, rows[0] as (string | null)[]);
    }
    const oracle = new Oracle(client, schema, seeds);
    await client.query("BEGIN; SAVEPOINT oracle");
    for (const table of schema.tables)
      for (const scenario of oracle.#scenarios(table))
        oracle.#before.set(scenario.name, await oracle.#run(scenario));
    for (const scenario of oracle.#typeScenarios())
      oracle.#before.set(scenario.name, await oracle.#run(scenario));
    await client.query("ROLLBACK");
    return oracle;
  }

  /** Scenarios that worked before and fail now, or give something else. Runs inside the open transaction. */
  async broken(tables: ReadonlySet<string>): Promise<readonly string[]> {
    const found: string[] = [];
    const scenarios = [
      ...this.#schema.tables
        .filter(({ name }) => tables.has(name))
        .flatMap((table) => this.#scenarios(table)),
      ...this.#typeScenarios(),
    ];
    await this.#client.query("SAVEPOINT oracle");
    for (const scenario of scenarios) {
      const before = this.#before.get(scenario.name)!;
      if (before.error !== undefined) continue;
      const now = await this.#run(scenario);
      const difference = compare(before, now, scenario);
      if (difference !== undefined) found.push(`${scenario.name}: ${difference}`);
    }
    await this.#client.query("RELEASE SAVEPOINT oracle");
    return found;
  }

  /** How many scenarios work before any change. */
  get working(): number {
    return [...this.#before.values()].filter(({ error }) => error === undefined).length;
  }

  /** The texts of all statements of scenarios that work. */
  get statements(): readonly string[] {
    const scenarios = [
      ...this.#schema.tables.flatMap((table) => this.#scenarios(table)),
      ...this.#typeScenarios(),
    ];
    const working = scenarios.filter(({ name }) => this.#before.get(name)?.error === undefined);
    return [...new Set(working.flatMap(({ statements }) => statements.map(({ sql }) => sql)))];
  }

  /** The scenarios that never worked, with the reason. */
  get failing(): readonly string[] {
    return [...this.#before].flatMap(([name, { error }]) =>
      error === undefined ? [] : [`${name}: ${error}`],
    );
  }

  async #run(scenario: Scenario): Promise<Outcome> {
    try {
      let outcome: Outcome = { error: undefined, fields: [] };
      for (const { sql, values } of scenario.statements) {
        const result = await this.#client.query({
          text: sql,
          values: [...values],
          rowMode: "array",
          types: raw,
        });
        const row = (result.rows[0] ?? []) as (string | null)[];
        outcome = {
          error: undefined,
          fields: result.fields.map(({ name, dataTypeID }, at) => ({
            name,
            kind: kindOf(row[at] ?? null, dataTypeID),
            raw: row[at] ?? null,
          })),
        };
      }
      return outcome;
    } catch (error) {
      const { code = "", message } = error as { code?: string; message: string };
      return { error: `${code} ${message}`, fields: [] };
    } finally {
      await this.#client.query("ROLLBACK TO SAVEPOINT oracle");
    }
  }

  #scenarios(table: MadeTable): readonly Scenario[] {
    const seeds = this.#seeds;
    const given = new Set(
      table.columns.filter(({ identity }) => identity === "ALWAYS").map(({ name }) => name),
    );
    // What stands in a row already is the affair of whoever changed it; how it is read is the code's.
    const every = new Set(table.columns.map(({ name }) => name));
    const all = columnList(table.columns);
    const name = `"${table.name}"`;
    const where = table.primaryKey.map((key, at) => `"${key}" = $${at + 1}`).join(" AND ");
    const seed = seeds.get(table.name)!;
    const key = table.primaryKey.map(
      (column) => seed[table.columns.findIndex((one) => one.name === column)]!,
    );
    const one = (label: string, sql: string, values: readonly (string | null)[]): Scenario => ({
      name: `${table.name} ${label}`,
      statements: [{ sql, values }],
      volatile: label.startsWith("select") || label.startsWith("where") ? every : given,
      free: nothing,
    });
    const writable = table.columns.filter(
      ({ generated, identity, name: own }) =>
        generated === undefined && identity === undefined && !table.primaryKey.includes(own),
    );
    const scenarios: Scenario[] = [
      one("select", `SELECT ${all} FROM ${name} WHERE ${where}`, key),
      { ...one("insert all", "", []), statements: [insert(table, seeds, 2, "all")] },
      {
        ...one("insert required", "", []),
        statements: [insert(table, seeds, 3, "required")],
        volatile: new Set(
          table.columns
            .filter(
              ({ default: given, identity, type }) =>
                given !== undefined || identity !== undefined || type === "cents",
            )
            .map(({ name }) => name)
            .concat(...table.columns.filter(({ nullable }) => nullable).map(({ name }) => name)),
        ),
        free: new Set(table.columns.filter(({ nullable }) => nullable).map(({ name }) => name)),
      },
      { ...one("insert nulls", "", []), statements: [insert(table, seeds, 4, "nulls")] },
    ];
    for (const column of table.columns) {
      for (const label of this.#labels(column))
        scenarios.push({
          ...one(`insert ${column.name}=${label}`, "", []),
          statements: [insert(table, seeds, 5, "all", { [column.name]: label })],
        });
      const predicate = usualPredicate(column);
      if (predicate !== undefined)
        scenarios.push(
          one(`where ${column.name}`, `SELECT ${all} FROM ${name} WHERE ${predicate}`, []),
        );
    }
    if (writable.length > 0) {
      const set = (values: (column: MadeColumn) => string | null, label: string) => {
        const list = writable.map((column, at) => `"${column.name}" = $${at + 1 + key.length}`);
        scenarios.push(
          one(label, `UPDATE ${name} SET ${list.join(", ")} WHERE ${where} RETURNING ${all}`, [
            ...key,
            ...writable.map(values),
          ]),
        );
      };
      set((column) => valueOf(table, column, seeds, 6), "update all");
      set(
        (column) => (column.nullable ? null : valueOf(table, column, seeds, 7)),
        "update to null",
      );
    }
    for (const target of [
      { name: "primary key", columns: table.primaryKey, where: undefined, expression: undefined },
      ...table.unique,
    ])
      scenarios.push(upsert(table, target, seeds));
    for (const child of this.#schema.tables)
      for (const parent of child.parents)
        if (parent.table === table.name && child !== table)
          scenarios.push(deleteParent(table, child, parent, seeds));
    return scenarios;
  }

  #typeScenarios(): readonly Scenario[] {
    return this.#schema.enums.flatMap(({ name, labels }) =>
      labels.map((label) => ({
        name: `enum ${name} ${label}`,
        statements: [{ sql: `SELECT $1::"${name}" AS label`, values: [label] }],
        volatile: nothing,
        free: nothing,
      })),
    );
  }

  #labels(column: MadeColumn): readonly string[] {
    if (column.type === "character varying(20)") return phases;
    const type = column.type.replaceAll('"', "");
    return this.#schema.enums.find(({ name }) => name === type)?.labels ?? [];
  }
}

const raw = { getTypeParser: () => (value: unknown) => value as string };

/** What node-postgres would make of a value. */
function kindOf(value: string | null, oid: number): string {
  if (value === null) return "null";
  const parse = pg.types.getTypeParser as (oid: number, format: "text") => (raw: string) => unknown;
  const parsed = parse(oid, "text")(value);
  if (Array.isArray(parsed)) return `array of ${parsed.length === 0 ? "?" : typeof parsed[0]}`;
  if (parsed instanceof Date) return "date";
  if (Buffer.isBuffer(parsed)) return "buffer";
  return typeof parsed;
}

function compare(before: Outcome, now: Outcome, scenario: Scenario): string | undefined {
  if (now.error !== undefined) return now.error;
  for (const [at, field] of before.fields.entries()) {
    const other = now.fields[at];
    if (other?.name !== field.name) return `${field.name} is not there`;
    const given = scenario.free.has(field.name) && (other.kind === "null" || field.kind === "null");
    if (other.kind !== field.kind && !given)
      return `${field.name} is ${other.kind} (${other.raw}), not ${field.kind}`;
    if (!scenario.volatile.has(field.name) && !sameValue(field.raw, other.raw))
      return `${field.name} is ${other.raw}, not ${field.raw}`;
  }
  return undefined;
}

/** Numbers by value and blank-padded texts by content: how many zeros or blanks follow is not a break. */
function sameValue(before: string | null, now: string | null): boolean {
  if (before === null || now === null) return before === now;
  const zeros = (text: string) =>
    /^-?\d+\.\d+$/.test(text) ? text.replace(/0+$/, "").replace(/\.$/, "") : text.trimEnd();
  return zeros(before) === zeros(now);
}
