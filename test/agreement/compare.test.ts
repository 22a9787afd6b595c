import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compareThree, type Agreement, type DatabaseFacts } from "../../src/agreement/index.ts";
import { introspect, type Catalog } from "../../src/catalog/index.ts";
import { migrationOrigins } from "../../src/contract/index.ts";
import { Session } from "../../src/pg/index.ts";
import type { MigrationStatus } from "../../src/runner/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import type { MigrationFolder } from "../../src/tools/index.ts";

let server: Scratch;
beforeAll(async () => {
  server = await startScratch();
});
afterAll(() => server.close());

async function catalogOf(sql: string): Promise<Catalog> {
  const database = await server.createDatabase();
  try {
    await using session = await Session.open({ url: database.url, applicationName: "test" });
    await session.batch(sql);
    return await introspect(session);
  } finally {
    await database.drop();
  }
}

function folderOf(migrations: Readonly<Record<string, string>>): MigrationFolder {
  return {
    tool: "sql",
    path: "migrations",
    source: "test",
    ledger: undefined,
    migrations: Object.entries(migrations).map(([id, sql]) => ({
      id,
      file: `migrations/${id}.sql`,
      sql,
      checksum: "",
      transaction: "file",
      native: {},
    })),
  };
}

interface Given {
  readonly kind?: "prisma" | "drizzle";
  readonly code?: string;
  readonly migrations: Readonly<Record<string, string>>;
  readonly database?: string;
  /** By migration; applied when left away. */
  readonly states?: Readonly<Record<string, Partial<MigrationStatus>>>;
  readonly elsewhere?: DatabaseFacts["elsewhere"];
  readonly isRecorded?: boolean;
}

async function compared(given: Given): Promise<Agreement> {
  const folder = folderOf(given.migrations);
  const states = { ...given.states };
  const isApplied = (id: string) => ["applied", "edited"].includes(states[id]?.state ?? "applied");
  const sqlOf = (wanted: (id: string) => boolean) =>
    folder.migrations.flatMap(({ id, sql }) => (wanted(id) ? [sql] : [])).join(";\n");
  await using session = await Session.open({ url: server.url, applicationName: "test" });
  const ids = [...new Set([...Object.keys(given.migrations), ...Object.keys(states)])];
  return await compareThree({
    code:
      given.code === undefined
        ? undefined
        : {
            kind: given.kind ?? "prisma",
            file: "schema.prisma",
            generate: "generate",
            schema: {
              catalog: await catalogOf(given.code),
              annotations: {
                from: (address) =>
                  address.startsWith("column ") ? `schema.prisma:${address.length}` : undefined,
              },
            },
          },
    migrations: {
      catalog: await catalogOf(sqlOf(() => true)),
      name: "migrations",
      origins: await migrationOrigins(folder),
      scratch: session,
    },
    database:
      given.database === undefined
        ? undefined
        : {
            environment: "production",
            catalog: await catalogOf(given.database),
            applied: folder.migrations.every(({ id }) => isApplied(id))
              ? undefined
              : await catalogOf(sqlOf(isApplied)),
            status: {
              tool: "sql",
              path: "migrations",
              source: "test",
              lease: undefined,
              migrations: ids.map(
                (id) =>
                  ({
                    id,
                    file: id,
                    state: "applied",
                    unitsDone: 0,
                    ...states[id],
                  }) as MigrationStatus,
              ),
            },
            migrate: ["lockstep migrate"],
            isRecorded: given.isRecorded ?? true,
            elsewhere: given.elsewhere ?? [],
            evidence: () => "Its owner is alice.",
          },
    breaks: (object) => object.endsWith(".needed"),
  });
}

const said = ({ rows }: Agreement) =>
  rows.map(({ object, disagreements }) => [object, ...disagreements.map(({ cause }) => cause)]);

const orders = "CREATE TABLE orders (id bigint PRIMARY KEY, note text)";

describe("code and migrations", () => {
  it("says nothing where they agree, in whatever form", async () => {
    const agreement = await compared({
      code: `CREATE TABLE orders (id bigint PRIMARY KEY, tags text[] DEFAULT ARRAY[]::text[], code text,
        at timestamp DEFAULT CURRENT_TIMESTAMP);
        CREATE UNIQUE INDEX orders_code_key ON orders (code)`,
      migrations: {
        "1": `CREATE TABLE orders (id bigint PRIMARY KEY, tags text[] NOT NULL DEFAULT '{}', code text,
          at timestamp DEFAULT now(), CONSTRAINT orders_code_key UNIQUE (code))`,
      },
    });
    expect(agreement.rows).toEqual([]);
    expect(agreement.leftOut).toEqual([{ what: "NOT NULL of a list", count: 1 }]);
    expect(agreement.objects).toBe(1);
  });

  it("does not hold defaults for equal that are not", async () => {
    const agreement = await compared({
      code: "CREATE TABLE t (a date DEFAULT now()::date, b text DEFAULT 'x', c int DEFAULT 1)",
      migrations: {
        "1": "CREATE TABLE t (a date DEFAULT now(), b text DEFAULT 'y', c int DEFAULT 2)",
      },
    });
    expect(agreement.rows.map(({ object }) => object)).toEqual([
      "public.t.a",
      "public.t.b",
      "public.t.c",
    ]);
  });

  it("tells a schema that was changed from a migration that was written", async () => {
    const agreement = await compared({
      code: "CREATE TABLE orders (id bigint PRIMARY KEY, note text, needed text, state text)",
      migrations: {
        "1": `${orders}; ALTER TABLE orders ADD state text`,
        "2_drop": "ALTER TABLE orders DROP state; ALTER TABLE orders ADD extra int",
      },
    });
    expect(said(agreement)).toEqual([
      ["public.orders.needed", "schema-without-migration"],
      ["public.orders.extra", "migration-without-schema"],
      ["public.orders.state", "migration-without-schema"],
    ]);
    const [needed, extra, state] = agreement.rows;
    expect(needed).toMatchObject({ severity: "error", migrations: null, code: { text: "text" } });
    expect(needed!.disagreements[0]).toMatchObject({ next: ["write the migration: generate"] });
    expect(state!.disagreements[0]!.sentence).toBe(
      `2_drop drops it (migrations/2_drop.sql:1), and ${state!.codeFrom} still declares it.`,
    );
    expect(extra!.disagreements[0]!.sentence).toBe(
      "2_drop makes it (migrations/2_drop.sql:1), and schema.prisma does not declare it.",
    );
  });

  it("leaves out what the language has no words for, and says how much that is", async () => {
    const migrations = {
      "1": `CREATE TABLE t (a int CHECK (a > 0), b text); CREATE INDEX t_some ON t (b) WHERE a = 1;
        CREATE INDEX t_lower ON t (lower(b)); ALTER TABLE t ENABLE ROW LEVEL SECURITY;
        CREATE VIEW v AS SELECT a FROM t; CREATE SCHEMA other; CREATE TABLE other.t (a int)`,
    };
    const prisma = await compared({ code: "CREATE TABLE t (a int, b text)", migrations });
    expect(prisma.rows).toEqual([]);
    expect(new Map(prisma.leftOut.map(({ what, count }) => [what, count]))).toEqual(
      new Map([
        ["object in another schema", 2],
        ["row security", 1],
        ["CHECK constraint", 1],
        ["index over an expression", 1],
        ["partial index", 1],
        ["view", 1],
      ]),
    );
    // Drizzle has words for them.
    const drizzle = await compared({
      kind: "drizzle",
      code: "CREATE TABLE t (a int, b text)",
      migrations,
    });
    expect(drizzle.rows.map(({ what }) => what)).toEqual(
      expect.arrayContaining(["CHECK", "index", "index", "table", "view"]),
    );
  });

  it("leaves a primary key of one column its name, where the code has no way to give it one", async () => {
    const { rows, leftOut } = await compared({
      kind: "drizzle",
      code: "CREATE TABLE t (a int PRIMARY KEY); CREATE TABLE u (a int PRIMARY KEY, b int NOT NULL)",
      migrations: {
        "1": `CREATE TABLE t (a int, CONSTRAINT t_temp_pkey PRIMARY KEY (a));
          CREATE TABLE u (a int NOT NULL, b int, CONSTRAINT u_temp_pkey PRIMARY KEY (b))`,
      },
    });
    expect(leftOut).toEqual([{ what: "name of a primary key", count: 2 }]);
    expect(rows.map(({ object }) => object)).toEqual(["public.u.u_pkey", "public.u.u_temp_pkey"]);
  });

  it("tells one thing under two names as one thing", async () => {
    const agreement = await compared({
      code: "CREATE TABLE t (a int, b int, CONSTRAINT t_ab_pkey PRIMARY KEY (a, b)); CREATE INDEX one ON t (b)",
      migrations: {
        "1": "CREATE TABLE t (a int NOT NULL, b int NOT NULL); CREATE UNIQUE INDEX t_ab ON t (a, b); CREATE INDEX other ON t (b)",
      },
    });
    expect(
      agreement.rows.map(({ what, severity, migrations }) => [what, severity, migrations]),
    ).toEqual([
      ["primary key", "info", { text: "UNIQUE (a, b)", brief: "UNIQUE (a, b)" }],
      ["index", "info", { text: "other (b)", brief: "other" }],
    ]);
  });

  it.each([
    ["CREATE INDEX other ON t (b)", "info", ["schema-and-migrations-differ"], "= migrations"],
    ["", "warning", ["schema-and-migrations-differ", "recorded-only"], null],
    ["CREATE INDEX one ON t (b)", "info", ["pushed"], "one"],
  ])("does not lose the database over a name: %s", async (database, severity, causes, says) => {
    const { rows } = await compared({
      code: "CREATE TABLE t (b int); CREATE INDEX one ON t (b)",
      migrations: { "1": "CREATE TABLE t (b int); CREATE INDEX other ON t (b)" },
      database: `CREATE TABLE t (b int); ${database}`,
    });
    const [row] = rows;
    expect(rows).toHaveLength(1);
    expect(row).toMatchObject({ object: "public.one", severity });
    expect(row!.disagreements.map(({ cause }) => cause)).toEqual(causes);
    expect(row!.database).toEqual(
      says === "= migrations" ? row!.migrations : says && expect.objectContaining({ brief: says }),
    );
    if (says === "= migrations")
      expect(row!.disagreements[0]!.sentence).toContain("one there, other here");
  });
});

describe("migrations and database", () => {
  const two = { "1": orders, "2_add": "ALTER TABLE orders ADD state text" };

  it("tells what is pending from what is applied elsewhere only, and does not hold either for a hazard", async () => {
    const given = {
      migrations: two,
      database: orders,
      states: { "2_add": { state: "pending" } },
    } as const;
    const pending = await compared(given);
    expect(said(pending)).toEqual([["public.orders.state", "pending"]]);
    expect(pending.rows[0]!.severity).toBe("info");
    // That the database is as the schema file says was not pushed there.
    const unsaid = await compared({ ...given, code: orders });
    expect(unsaid.rows[0]!.disagreements.map(({ cause }) => cause)).toEqual([
      "migration-without-schema",
      "pending",
    ]);
    const applied = new Map([["2_add", new Date("2026-11-01T00:00:00Z")]]);
    const elsewhere = await compared({
      ...given,
      elsewhere: [{ environment: "staging", applied }],
    });
    expect(elsewhere.rows[0]!.disagreements[0]!.sentence).toBe(
      "2_add (migrations/2_add.sql:1) is applied in staging since 2026-11-01, and not in production.",
    );
  });

  it("names what was made, dropped and changed by hand, and who owns it", async () => {
    const agreement = await compared({
      migrations: { "1": `${orders}; CREATE INDEX orders_note ON orders (note)` },
      database: "CREATE TABLE orders (id bigint PRIMARY KEY, note varchar(9), hotfix int)",
    });
    expect(said(agreement)).toEqual([
      ["public.orders.hotfix", "by-hand"],
      ["public.orders.note", "by-hand"],
      ["public.orders_note", "recorded-only"],
    ]);
    expect(agreement.rows[0]!.disagreements[0]!.sentence).toBe(
      "Made by hand in production: no migration makes this column. Its owner is alice.",
    );
    expect(agreement.rows[2]!.disagreements[0]!.sentence).toMatch(
      /^1 makes it \(.*\) and is recorded as applied; production does not have it:/,
    );
  });

  it("tells a file that was edited, one that failed half-way, and one that the folder does not have", async () => {
    const edited = await compared({
      migrations: { "1": "CREATE TABLE orders (id bigint PRIMARY KEY, note varchar(99))" },
      database: orders,
      states: { "1": { state: "edited" } },
    });
    expect(said(edited)).toEqual([["public.orders.note", "edited-after-applied"]]);
    expect(edited.ledger).toMatchObject([{ cause: "edited-after-applied" }]);
    const failed = await compared({
      migrations: two,
      database: orders,
      states: { "2_add": { state: "failed" } },
    });
    expect(said(failed)).toEqual([["public.orders.state", "failed-half-way"]]);
    const foreign = await compared({
      migrations: { "1": orders },
      database: `${orders}; CREATE TABLE branch (a int)`,
      states: { "9_branch": { state: "unknown" } },
    });
    expect(said(foreign)).toEqual([["public.branch", "not-in-folder"]]);
  });

  it("knows a squashed history by catalogs that agree, and what is there and not recorded", async () => {
    const squashed = await compared({
      migrations: { "0_squashed": orders },
      database: orders,
      states: {
        "0_squashed": { state: "pending" },
        "1": { state: "unknown" },
        "2": { state: "unknown" },
      },
    });
    expect(squashed.rows).toEqual([]);
    expect(squashed.ledger).toMatchObject([
      { cause: "squashed", next: [expect.stringContaining("lockstep baseline")] },
    ]);
    const given = {
      migrations: { "1": orders },
      database: orders,
      states: { "1": { state: "pending" } },
    } as const;
    const there = await compared(given);
    expect(there.ledger).toMatchObject([{ cause: "there-not-recorded", migration: "1" }]);
    const unread = await compared({ ...given, isRecorded: false });
    expect(unread.ledger).toEqual([]);
  });
});

it("tells what was pushed: code and database agree, and no migration says so", async () => {
  const code = "CREATE TABLE orders (id bigint PRIMARY KEY, note text, pushed int)";
  const agreement = await compared({ code, migrations: { "1": orders }, database: code });
  expect(said(agreement)).toEqual([["public.orders.pushed", "pushed"]]);
  expect(agreement.rows[0]).toMatchObject({ migrations: null, database: { text: "integer" } });
});
