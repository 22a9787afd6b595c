import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { introspect, qualifiedName, type Catalog } from "../../src/catalog/index.ts";
import type { Session } from "../../src/pg/index.ts";
import type { Scratch } from "../../src/scratch/index.ts";
import { majors, openFixture, startWithFixture } from "./database.ts";
import { longestName } from "./fixture.ts";
import { columnOf, constraintOf, found, indexOf, tableOf } from "./lookups.ts";

describe.each(majors)("Postgres %i", (major) => {
  let scratch: Scratch;
  let session: Session;
  let catalog: Catalog;

  beforeAll(async () => {
    scratch = await startWithFixture(major);
    session = await openFixture(scratch);
    catalog = await introspect(session);
  });
  afterAll(async () => {
    await session.close();
    await scratch.close();
  });

  const table = (name: string) => tableOf(catalog, name);
  const column = (of: string, name: string) => columnOf(catalog, of, name);
  const constraint = (of: string, name: string) => constraintOf(catalog, of, name);
  const index = (of: string, name: string) => indexOf(catalog, of, name);

  it("reads kinds, persistence, inheritance, options and foreign tables", () => {
    expect(table("shop.scratchpad")).toMatchObject({ kind: "table", persistence: "unlogged" });
    expect(table("shop.counters").options).toEqual({
      autovacuum_enabled: "false",
      fillfactor: "70",
    });
    expect(table("shop.child").inherits).toEqual(["shop.base", "shop.second_base"]);
    expect(table("shop.child").columns.map(({ name, inherited }) => [name, inherited])).toEqual([
      ["id", true],
      ["note", true],
      ["extra", true],
      ["own", false],
    ]);
    expect(table("shop.remote")).toMatchObject({
      kind: "foreign",
      foreign: { server: "elsewhere", options: { schema_name: "s", table_name: "far=away" } },
    });
    expect(table("shop.no_columns").columns).toEqual([]);
    expect(table("shop.full_identity").replicaIdentity).toEqual({ kind: "full", index: null });
    expect(table("shop.index_identity").replicaIdentity).toEqual({ kind: "index", index: "ii" });
    expect(table("shop.base").replicaIdentity).toEqual({ kind: "default", index: null });
  });

  it("reads partitions with their keys and bounds", () => {
    expect(table("shop.events")).toMatchObject({ kind: "partitioned", partitionKey: "RANGE (at)" });
    expect(table("shop.events_2024")).toMatchObject({
      kind: "partition",
      partitionOf: {
        table: "shop.events",
        bound: "FOR VALUES FROM ('2024-01-01 00:00:00+00') TO ('2025-01-01 00:00:00+00')",
        detachPending: false,
      },
      inherits: [],
    });
    expect(table("shop.events_2025")).toMatchObject({
      kind: "partitioned",
      partitionKey: "LIST (kind)",
    });
    expect(table("shop.events_2025").partitionOf?.table).toBe("shop.events");
    expect(table("shop.events_2025_x").partitionOf?.bound).toBe("FOR VALUES IN ('x', 'y', NULL)");
    expect(table("shop.events_rest").partitionOf?.bound).toBe("DEFAULT");
    expect(table("shop.hashed").partitionKey).toBe("HASH (id, lower(word))");
    expect(table("shop.hashed_1")).toMatchObject({
      kind: "foreign",
      partitionOf: { bound: "FOR VALUES WITH (modulus 2, remainder 1)" },
    });
    expect(index("shop.events_2024", "events_2024_kind_lower_idx").partitionOf).toBe(
      "shop.events_kind",
    );
    expect(index("shop.events", "lonely").valid).toBe(false);
  });

  it("reads columns in order, leaving dropped ones out", () => {
    const customers = table("shop.customers").columns;
    expect(customers.map(({ position }) => position)).toEqual(customers.map((_, at) => at + 1));
    expect(customers.slice(0, 3).map(({ name }) => name)).toEqual(["id", "email", "name"]);
    expect(column("shop.customers", "name")).toMatchObject({
      type: { text: "character varying(100)", schema: "pg_catalog", name: "varchar", kind: "base" },
      nullable: false,
      default: null,
      collation: null,
    });
    const types = Object.fromEntries(customers.map(({ name, type }) => [name, type.text]));
    expect(types).toMatchObject({
      email: "shop.email",
      nick: "ext.citext",
      code: "character(3)",
      balance: "numeric(12,2)",
      seen: "timestamp(3) with time zone",
      wait: "interval day to second(2)",
      flags: "bit varying(5)",
      status: "shop.status",
      history: "shop.status[]",
      matrix: "integer[]",
      home: "shop.address",
      spends: "shop.cents_multirange",
    });
  });

  it("says what kind of type a column has", () => {
    const kinds = (name: string) => {
      const { kind, array, schema, name: own, category } = column("shop.customers", name).type;
      return { kind, array, own: `${schema}.${own}`, category };
    };
    expect(kinds("history")).toEqual({
      kind: "enum",
      array: true,
      own: "shop.status",
      category: "E",
    });
    expect(kinds("email")).toMatchObject({ kind: "domain", own: "shop.email", category: "S" });
    expect(kinds("homes")).toMatchObject({ kind: "composite", array: true, own: "shop.address" });
    expect(kinds("spend").kind).toBe("range");
    expect(kinds("spends").kind).toBe("multirange");
    expect(column("shop.row_typed", "buyers").type).toMatchObject({
      text: "shop.customers[]",
      kind: "composite",
      array: true,
    });
  });

  it("reads defaults, collations, identity and generated columns", () => {
    expect(column("shop.customers", "fixed").default).toBe(
      "'2020-01-02 03:04:05+00'::timestamp with time zone",
    );
    expect(column("shop.customers", "status").default).toBe("'new'::shop.status");
    expect(column("shop.counters", "id").default).toBe("nextval('shop.counters_id_seq'::regclass)");
    expect(column("shop.customers", "exact").collation).toBe("shop.by_code");
    expect(column("shop.customers", "id").identity).toMatchObject({
      generation: "always",
      sequence: "shop.customers_id_seq",
      options: { type: "bigint", start: "1", increment: "1", max: "9223372036854775807" },
    });
    expect(column("shop.counters", "big").identity).toEqual({
      generation: "by-default",
      sequence: "shop.counters_big_seq",
      options: {
        type: "bigint",
        start: "10",
        increment: "5",
        min: "5",
        max: "1000",
        cache: "3",
        cycle: true,
      },
    });
    expect(column("shop.customers", "upper_name")).toMatchObject({
      default: null,
      generated: { kind: "stored", expression: "upper((name)::text)" },
    });
  });

  it("reads constraints with their state", () => {
    expect(constraint("shop.orders", "orders_pkey")).toMatchObject({
      kind: "primary-key",
      columns: ["id"],
      include: ["number"],
      index: "orders_pkey",
    });
    expect(constraint("shop.orders", "orders unique")).toMatchObject({
      kind: "unique",
      columns: ["part_b", "part_a"],
      nullsNotDistinct: false,
      deferrable: "no",
    });
    expect(constraint("shop.orders", "orders_number").deferrable).toBe("initially-deferred");
    expect(constraint("shop.orders", "orders_room").deferrable).toBe("initially-immediate");
    expect(constraint("shop.orders", "orders_customer")).toMatchObject({
      kind: "foreign-key",
      columns: ["customer_id"],
      references: { table: "shop.customers", columns: ["id"] },
      onUpdate: "restrict",
      onDelete: "set-default",
      match: "simple",
      valid: true,
    });
    expect(constraint("shop.orders", "self")).toMatchObject({ match: "full", valid: false });
    expect(constraint("shop.orders", "later")).toMatchObject({
      kind: "check",
      expression: "(placed > '2000-01-01'::date)",
      columns: ["placed"],
      valid: false,
      enforced: true,
    });
    expect(constraint("shop.base", "base_only").noInherit).toBe(true);
    expect(constraint("shop.child", "base_id").inherited).toBe(true);
    expect(constraint("shop.orders", "orders_overlap")).toMatchObject({
      kind: "exclusion",
      columns: ["room", "during"],
    });
  });

  it("leaves out the copies a foreign key to a partitioned table has for each partition", () => {
    expect(table("shop.event_notes").constraints).toHaveLength(1);
    expect(table("shop.event_notes").constraints[0]).toMatchObject({
      references: { table: "shop.events", columns: ["id", "at", "kind"] },
    });
  });

  it("reads indexes key by key", () => {
    const odd = index('"Odd Schema"."Odd.Table"', 'Index "odd"');
    expect(odd).toMatchObject({
      method: "btree",
      unique: false,
      predicate: "(\"UPPER\" = 'x'::text)",
    });
    expect(odd.keys).toMatchObject([
      { column: "select", descending: true, nullsFirst: false, opclass: "text_ops" },
      { column: "naïve 🎈", descending: false, nullsFirst: false, opclass: "int4_ops" },
    ]);
    const lower = index("shop.customers", "customers_lower");
    expect(lower.include).toEqual(["born"]);
    expect(lower.keys.map(({ column: of, expression }) => of ?? expression)).toEqual([
      "lower((name)::text)",
      "((balance + (1)::numeric))",
      "code",
    ]);
    expect(lower.keys[0]).toMatchObject({
      opclass: "text_pattern_ops",
      opclassIsDefault: false,
      collation: '"C"',
      descending: true,
      nullsFirst: true,
    });
    expect(index("shop.customers", "customers_path").keys[0]).toMatchObject({
      opclass: "ext.gist_ltree_ops",
      opclassOptions: "siglen=100",
    });
    const nick = index("shop.customers", "customers_nick");
    expect(nick).toMatchObject({ unique: true, options: { fillfactor: "90" } });
    expect(nick.keys[0]).toMatchObject({ opclass: "ext.citext_ops", opclassIsDefault: true });
    expect(index("shop.orders", "orders_pkey").constraint).toBe("orders_pkey");
    expect(found(catalog.materializedViews["shop.totals"]).indexes).toMatchObject([
      { name: "totals_status", unique: true },
    ]);
  });

  it("prints definitions as the server does", async () => {
    await session.query("SET search_path = pg_catalog");
    const { rows: indexes } = await session.query<Printed>(`
      SELECT n.nspname AS schema, NULL AS table, c.relname AS name, pg_get_indexdef(c.oid) AS definition
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('i', 'I') AND n.nspname IN ('shop', 'Odd Schema', 'public')`);
    const { rows: constraints } = await session.query<Printed>(`
      SELECT n.nspname AS schema, t.relname AS table, c.conname AS name, pg_get_constraintdef(c.oid) AS definition
      FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace
      LEFT JOIN pg_constraint p ON p.oid = c.conparentid
      WHERE c.contype NOT IN ('t', 'n') AND n.nspname IN ('shop', 'Odd Schema', 'public')
        AND p.conrelid IS DISTINCT FROM c.conrelid`);
    await session.query("RESET search_path");
    const read = [...Object.values(catalog.tables), ...Object.values(catalog.materializedViews)];
    const own = new Map(
      read.flatMap((one) => [
        ...one.indexes.map((item) => [qualifiedName(one.schema, item.name), item.definition]),
        ...("constraints" in one ? one.constraints : []).map((item) => [
          qualifiedName(one.schema, one.name, item.name),
          item.definition,
        ]),
      ]) as [string, string][],
    );
    expect(indexes.length).toBeGreaterThan(35);
    expect(constraints.length).toBeGreaterThan(50);
    const server = new Map(
      [...indexes, ...constraints].map(({ schema, table: of, name, definition }) => [
        of === null ? qualifiedName(schema, name) : qualifiedName(schema, of, name),
        definition,
      ]),
    );
    expect(Object.fromEntries(own)).toEqual(Object.fromEntries(server));
  });

  it("keeps every odd name as it is", () => {
    const odd = table('"Odd Schema"."Odd.Table"');
    expect(odd).toMatchObject({ schema: "Odd Schema", name: "Odd.Table" });
    expect(odd.columns.map(({ name }) => name)).toEqual([
      'Col "quoted"',
      "select",
      "UPPER",
      "a.b",
      "naïve 🎈",
      "$1",
      "it's; DROP TABLE x; --",
      "__proto__",
      "constructor",
      longestName,
    ]);
    expect(Buffer.byteLength(longestName)).toBe(63);
    expect(table(qualifiedName("public", longestName)).name).toBe(longestName);
    expect(table("public.__proto__").columns).toMatchObject([{ name: "group" }]);
    expect(table("public.order").constraints[0]?.definition).toBe(
      'FOREIGN KEY ("table") REFERENCES "Odd Schema"."Odd.Table"("Col ""quoted""") ON DELETE CASCADE',
    );
  });

  it("tells NOT NULL the same way on every major", () => {
    const { notNull, nullable } = column("shop.customers", "balance");
    expect(nullable).toBe(false);
    expect(notNull).toEqual({
      name: major >= 18 ? "customers_balance_not_null" : null,
      valid: true,
      noInherit: false,
    });
    expect(column("shop.customers", "born")).toMatchObject({ nullable: true, notNull: null });
  });
});

interface Printed extends Record<string, unknown> {
  readonly schema: string;
  readonly table: string | null;
  readonly name: string;
  readonly definition: string;
}
