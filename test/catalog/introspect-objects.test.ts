import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { catalogParts, introspect, type Catalog } from "../../src/catalog/index.ts";
import type { Session } from "../../src/pg/index.ts";
import type { Scratch } from "../../src/scratch/index.ts";
import { majors, openFixture, startWithFixture } from "./database.ts";
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

  it("names version, schemas and extensions, but not Lockstep's own schema", () => {
    expect(catalog.serverMajor).toBe(major);
    expect(catalog.schemas.map(({ name }) => name)).toEqual([
      "Odd Schema",
      "bare",
      "ext",
      "public",
      "shop",
    ]);
    expect(catalog.extensions.map(({ name, schema }) => `${schema}.${name}`)).toEqual([
      "ext.btree_gist",
      "ext.citext",
      "ext.fuzzystrmatch",
      "ext.ltree",
      "pg_catalog.plpgsql",
    ]);
    const everything = JSON.stringify(catalog);
    expect(everything).not.toContain("own_table");
    expect(everything).not.toContain("temporary_one");
    expect(Object.keys(catalog.routines).filter((name) => name.startsWith("ext."))).toEqual([]);
  });

  it("reads views and materialized views with their columns", () => {
    const active = found(catalog.views["shop.active"]);
    expect(active.options).toEqual({ check_option: "local", security_barrier: "true" });
    expect(active.columns.map(({ name, type }) => [name, type.text])).toEqual([
      ["id", "bigint"],
      ["label", "character varying(100)"],
      ["status", "shop.status"],
      ["sorted", "character varying(100)"],
      ["rate", "numeric(5,1)"],
    ]);
    expect(active.columns[1]?.default).toBe("'somebody'::character varying");
    expect(active.columns[3]?.collation).toBe('pg_catalog."C"');
    expect(active.definition).toContain("FROM shop.customers");
    expect(found(catalog.views['"Odd Schema"."Odd View"']).columns).toMatchObject([
      { name: "a.b" },
      { name: "from" },
    ]);
    expect(found(catalog.materializedViews["shop.totals"])).toMatchObject({
      options: { fillfactor: "80" },
      columns: [
        { name: "status" },
        { name: "n" },
        { name: "total", type: { text: "numeric(20,4)" } },
      ],
    });
  });

  it("reads sequences, but not those behind identity columns", () => {
    expect(found(catalog.sequences["shop.order_numbers"])).toEqual({
      schema: "shop",
      name: "order_numbers",
      type: "integer",
      start: "100",
      increment: "-1",
      min: "-5",
      max: "200",
      cache: "7",
      cycle: true,
      persistence: "permanent",
      ownedBy: null,
    });
    expect(found(catalog.sequences["shop.counters_id_seq"]).ownedBy).toEqual({
      table: "shop.counters",
      column: "id",
    });
    expect(catalog.sequences["shop.customers_id_seq"]).toBeUndefined();
  });

  it("reads enums, domains, composite and range types", () => {
    expect(found(catalog.enums["shop.status"]).labels).toEqual([
      "new",
      "paid",
      "it's",
      "packed",
      "Shipped",
    ]);
    expect(found(catalog.enums['public."Mixed.Case"']).labels).toEqual(["", " ", "a.b", '"']);
    expect(found(catalog.enums["shop.empty_enum"]).labels).toEqual([]);
    expect(found(catalog.domains["shop.email"])).toMatchObject({
      baseType: { text: "character varying(320)" },
      collation: 'pg_catalog."C"',
      nullable: false,
      default: "'nobody@example.com'::character varying",
      checks: [
        { name: "Not Long", expression: "(length((VALUE)::text) < 300)", valid: true },
        { name: "has_at", expression: "((VALUE)::text ~~ '%@%'::text)", valid: true },
      ],
    });
    expect(found(catalog.domains["shop.later"]).checks[0]?.valid).toBe(false);
    expect(found(catalog.compositeTypes["shop.address"]).attributes).toMatchObject([
      { name: "street", position: 1, type: { text: "text" }, collation: 'pg_catalog."C"' },
      { name: "zip", type: { text: "character varying(10)" }, collation: null },
      { name: "tags", type: { text: "text[]" } },
      { name: "status", type: { text: "shop.status", kind: "enum" } },
    ]);
    expect(found(catalog.rangeTypes["shop.cents_range"])).toMatchObject({
      subtype: { text: "integer" },
      multirange: "shop.cents_multirange",
      subtypeDiff: "shop.cents_diff",
      opclass: "pg_catalog.int4_ops",
    });
    expect(found(catalog.rangeTypes["shop.word_range"])).toMatchObject({
      multirange: "shop.words",
      collation: 'pg_catalog."C"',
    });
  });

  it("reads routines and aggregates under their argument types", () => {
    expect(found(catalog.routines["shop.total(integer, text, text[])"])).toMatchObject({
      kind: "function",
      arguments: "integer, b text DEFAULT 'x'::text, VARIADIC rest text[] DEFAULT '{}'::text[]",
      result: "TABLE(id integer, label text)",
      language: "plpgsql",
      volatility: "stable",
      parallel: "safe",
      strict: true,
      security: "definer",
      leakproof: true,
      cost: 17,
      rows: 33,
      options: { search_path: "shop, pg_temp", work_mem: "8MB" },
      body: " BEGIN RETURN QUERY SELECT 1, 'it''s'; END ",
    });
    expect(found(catalog.routines["shop.total(bigint)"]).body).toBe("RETURN ($1 * 2)");
    expect(found(catalog.routines["shop.standard(integer)"]).body).toContain("BEGIN ATOMIC");
    expect(found(catalog.routines["shop.tidy(boolean)"])).toMatchObject({
      kind: "procedure",
      result: null,
    });
    expect(found(catalog.routines['"Odd Schema"."do; it"(integer, text)']).body).toContain("'$$'");
    expect(found(catalog.aggregates["shop.sum_up(integer)"])).toMatchObject({
      kind: "normal",
      transition: "shop.add_up",
      stateType: "integer",
      initial: "0",
    });
    expect(found(catalog.aggregates["shop.middle(double precision, anyelement)"]).kind).toBe(
      "ordered-set",
    );
    expect(Object.keys(catalog.routines)).not.toContain("shop.cents_range(integer, integer)");
  });

  it("reads triggers, policies, rules and statistics", () => {
    expect(found(catalog.triggers["shop.customers.touch"])).toMatchObject({
      table: "shop.customers",
      function: "shop.touch",
      enabled: "origin",
      definition:
        "CREATE TRIGGER touch BEFORE INSERT OR UPDATE OF name, balance ON shop.customers FOR EACH ROW " +
        "WHEN ((new.balance > (0)::numeric)) EXECUTE FUNCTION shop.touch('a', 'b''c')",
    });
    expect(found(catalog.triggers['shop.customers."Second"']).enabled).toBe("disabled");
    expect(found(catalog.triggers["shop.orders.checked"]).enabled).toBe("always");
    expect(found(catalog.triggers["shop.events_2024.each_event"]).inherited).toBe(true);
    expect(Object.keys(catalog.triggers).some((name) => name.includes("RI_"))).toBe(false);
    expect(table("shop.orders")).toMatchObject({ rowSecurity: true, forceRowSecurity: true });
    expect(found(catalog.policies["shop.customers.readers"])).toMatchObject({
      permissive: false,
      command: "select",
      roles: ['"Odd Role"', "app_reader"],
      using: "true",
      withCheck: null,
    });
    expect(found(catalog.policies['shop.orders."In; sert"'])).toMatchObject({
      command: "insert",
      roles: ["PUBLIC"],
      using: null,
      withCheck: "(qty > 0)",
    });
    expect(Object.keys(catalog.rules)).toEqual([
      "shop.active.protect",
      "shop.counters.logged",
      "shop.expressions.listed",
    ]);
    expect(found(catalog.statistics["shop.customer_stats"])).toMatchObject({
      table: "shop.customers",
      definition:
        "CREATE STATISTICS shop.customer_stats (ndistinct, dependencies) ON name, status FROM shop.customers",
    });
  });

  it("reads comments on every kind of object", () => {
    const ours = Object.entries(catalog.comments).filter(
      ([address]) => !address.startsWith("extension ") || address === "extension citext",
    );
    expect(Object.fromEntries(ours)).toEqual({
      "aggregate shop.sum_up(integer)": "aggregate",
      "column shop.active.label": "of the view",
      "column shop.address.zip": "attribute",
      "column shop.customers.name": "full name",
      "constraint shop.email.has_at": "domain check",
      "constraint shop.orders.orders_qty": "check",
      "domain shop.email": "domain",
      "extension citext": "extension",
      "function shop.total(bigint)": "function",
      "index shop.customers_nick": "index",
      "materialized view shop.totals": "matview",
      "policy shop.customers.readers": "policy",
      "procedure shop.tidy(boolean)": "procedure",
      "rule shop.counters.logged": "rule",
      "schema shop": "the shop",
      "sequence shop.order_numbers": "numbers",
      "statistics shop.customer_stats": "statistics",
      "table shop.customers": 'who buys\nhere; it\'s "them"',
      "trigger shop.customers.touch": "trigger",
      "type shop.address": "composite",
      "type shop.cents_range": "range",
      "type shop.status": "enum",
      "view shop.active": "view",
    });
  });

  it("reads privileges that differ from the default, by role", () => {
    const { grants } = catalog;
    const words = (address: string) =>
      found(grants[address]).map(
        ({ grantee, privilege, grantable }) =>
          `${grantee} ${privilege}${grantable ? " with grant option" : ""}`,
      );
    expect(words("table shop.customers")).toEqual([
      '"Odd Role" ALL',
      "OWNER ALL",
      "app_reader INSERT with grant option",
      "app_reader SELECT with grant option",
    ]);
    expect(words("table shop.counters")).toEqual(['"PUBLIC" SELECT', "OWNER ALL"]);
    expect(words("table shop.orders")).toEqual(["OWNER ALL", "PUBLIC SELECT"]);
    expect(words("column shop.orders.qty")).toEqual(["app_reader UPDATE"]);
    expect(words("function shop.touch()")).toEqual(["OWNER EXECUTE", "app_reader EXECUTE"]);
    expect(words("type shop.address")).toEqual(["OWNER USAGE"]);
    expect(words("schema shop")).toEqual(["OWNER ALL", "app_reader USAGE"]);
    expect(grants["table shop.second_base"]).toEqual([]);
    expect(grants["table shop.base"], "granted and revoked again").toBeUndefined();
  });

  it("is plain data in a fixed order", async () => {
    expect(JSON.parse(JSON.stringify(catalog))).toEqual(catalog);
    for (const part of catalogParts) {
      const names = Array.isArray(catalog[part])
        ? catalog[part].map(({ name }) => name)
        : Object.keys(catalog[part]);
      expect(names, part).toEqual(names.toSorted((a, b) => (a < b ? -1 : 1)));
    }
    expect(JSON.stringify(await introspect(session))).toBe(JSON.stringify(catalog));
  });

  const versioned: Readonly<Record<number, () => void>> = {
    15: () => {
      expect(constraint("shop.fifteen", "fifteen_bc")).toMatchObject({ nullsNotDistinct: true });
      expect(index("shop.fifteen", "fifteen_index")).toMatchObject({
        nullsNotDistinct: true,
        predicate: "(b > 0)",
      });
      expect(constraint("shop.fifteen_child", "fifteen_fk")).toMatchObject({
        onDelete: "set-null",
        onDeleteColumns: ["y"],
      });
      expect(found(catalog.views["shop.invoker"]).options).toEqual({ security_invoker: "true" });
      expect(found(catalog.sequences["shop.unlogged_numbers"]).persistence).toBe("unlogged");
    },
    16: () => expect(column("shop.sixteen", "hex").default).toBe("31"),
    17: () => {
      expect(column("shop.seventeen", "id").identity?.sequence).toBe("shop.seventeen_id_seq");
      expect(column("shop.seventeen_a", "id").identity).toEqual({
        generation: "always",
        sequence: null,
        options: null,
      });
      expect(catalog.grants["table shop.seventeen"]).toContainEqual({
        grantee: "app_reader",
        privilege: "MAINTAIN",
        grantable: false,
      });
    },
    18: () => {
      expect(column("shop.eighteen", "doubled").generated).toEqual({
        kind: "virtual",
        expression: "(room * 2)",
      });
      expect(column("shop.eighteen", "named").notNull).toEqual({
        name: "must be named",
        valid: true,
        noInherit: true,
      });
      expect(column("shop.eighteen", "later")).toMatchObject({
        nullable: false,
        notNull: { name: "later_set", valid: false, noInherit: false },
      });
      expect(constraint("shop.eighteen", "eighteen_pkey")).toMatchObject({
        columns: ["room", "valid"],
        withoutOverlaps: true,
      });
      expect(constraint("shop.eighteen", "soft")).toMatchObject({ enforced: false, valid: false });
      expect(constraint("shop.eighteen_child", "temporal")).toMatchObject({ period: true });
    },
  };

  it.each(
    Object.keys(versioned)
      .map(Number)
      .filter((since) => since <= major),
  )("reads what Postgres %i added", (since) => found(versioned[since])());
});
