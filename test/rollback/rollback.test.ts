import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { Product, confirmed, shop, v1, v2 } from "../deploy/product.ts";
import { itWhere } from "../support/it-where.ts";

const migrations = { "0001_shop.sql": shop, "0002_confirmed.sql": confirmed };

/** Everything on the newest major; on the oldest what its catalogs and locks decide. */
describe.each([14, 18] as const)("the last migration taken back, on %s", (major) => {
  const isNewest = major === 18;
  let scratch: Scratch;
  beforeAll(async () => {
    scratch = await startScratch({ major });
  });
  afterAll(() => scratch.close());

  const applied = async (files: Readonly<Record<string, string>>, more = {}) => {
    const product = await Product.make(scratch, { migrations: files, ...more });
    const { exitCode, stderr } = await product.run(["migrate"]);
    if (exitCode !== 0) throw new Error(stderr);
    return product;
  };
  const states = async (product: Product) => {
    const { stdout } = await product.run(["status", "--no-drift", "--json"]);
    const { folder } = JSON.parse(stdout) as {
      folder: { migrations: readonly { id: string; state: string }[] };
    };
    return folder.migrations.map(({ id, state }) => `${id} ${state}`);
  };

  itWhere(isNewest)(
    "goes by the inverse that the catalogs tell, tried on scratch with rows first",
    async () => {
      await using product = await applied({
        ...migrations,
        "0002_confirmed.sql": `${confirmed}
        CREATE INDEX orders_confirmed ON orders (confirmed_at);
        ALTER TABLE orders ALTER COLUMN note SET DEFAULT 'none';
        CREATE TYPE mood AS ENUM ('good'); CREATE TABLE moods (id int PRIMARY KEY, feels mood);`,
      });
      await product.ask("INSERT INTO orders VALUES (1, 10, 'kept')");
      const dry = await product.run(["rollback", "--dry-run"]);
      expect([dry.exitCode, dry.stderr]).toEqual([0, ""]);
      expect(dry.stdout).toContain("0002_confirmed would be taken back; nothing was changed");
      expect(await product.columns()).toContain("confirmed_at");
      const { exitCode, stdout } = await product.run(["rollback", "--json"]);
      expect(exitCode).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({
        migration: "0002_confirmed",
        by: "inverse",
        losses: [],
        rehearsal: { major, tables: 1, changedRows: [], isRepeatable: true },
        isDone: true,
      });
      expect(await product.columns()).toEqual(["id", "total", "note"]);
      expect(
        await product.ask("SELECT to_regclass('moods') AS moods, to_regtype('mood') AS mood"),
      ).toEqual([{ moods: null, mood: null }]);
      expect(await product.ask("SELECT note FROM orders")).toEqual([{ note: "kept" }]);
      expect(await states(product)).toEqual(["0001_shop applied", "0002_confirmed pending"]);
      expect(
        await product.ask(
          "SELECT command, outcome, detail->>'migration' AS migration, detail->>'by' AS by FROM lockstep.run WHERE command = 'rollback'",
        ),
      ).toEqual([
        { command: "rollback", outcome: "succeeded", migration: "0002_confirmed", by: "inverse" },
      ]);
      expect((await product.run(["migrate"])).exitCode).toBe(0);
      expect(await product.columns()).toContain("confirmed_at");
    },
  );

  it("loses nothing that was not named: a column with values, a table with rows", async () => {
    await using product = await applied({
      ...migrations,
      "0002_confirmed.sql": `${confirmed} ALTER TABLE orders ADD COLUMN "of, whom" text DEFAULT 'us';
        CREATE TABLE lines (id int PRIMARY KEY);`,
    });
    await product.ask(
      "INSERT INTO orders (id, total, confirmed_at) VALUES (1, 10, now()), (2, 3, NULL)",
    );
    await product.ask("INSERT INTO lines VALUES (1), (2), (3)");
    const refused = await product.run(["rollback", "--json"]);
    expect(refused.exitCode).toBe(1);
    const { error } = JSON.parse(refused.stdout) as { error: { code: string; found: string } };
    expect(error.code).toBe("rollback-loses");
    expect(error.found.split("\n").toSorted()).toEqual([
      "public.lines: the table's rows, 3 rows",
      "public.orders.confirmed_at: the column's values, 1 row",
    ]);
    const half = await product.run(["rollback", "--lose", "public.lines"]);
    expect(half.stderr).toContain("public.orders.confirmed_at");
    expect(half.stderr).not.toContain("public.lines: the table");
    expect(await product.columns()).toContain("confirmed_at");
    const named = ["--lose", "public.lines", "--lose", "public.orders.confirmed_at"];
    const { exitCode, stdout } = await product.run(["rollback", ...named]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("lost      public.lines: the table's rows, 3 rows");
    expect(await product.ask("SELECT id FROM orders ORDER BY id")).toEqual([{ id: 1 }, { id: 2 }]);
  });

  itWhere(isNewest)("loses nothing that is committed between the count and the drop", async () => {
    await using product = await applied({
      ...migrations,
      "0002_confirmed.sql": `${confirmed} CREATE TABLE "li'nes" (id int PRIMARY KEY);`,
    });
    // The first query of such a transaction decides what it sees: it must come after the lock.
    await product.ask(
      "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = %L', current_database(), 'repeatable read'); END $$",
    );
    const foundAfter = async (write: string, ...words: readonly string[]) => {
      await using writer = await product.hold(`BEGIN; ${write}`);
      const rolledBack = product.run(["rollback", "--lock-timeout", "60000", "--json", ...words]);
      const waiting = "SELECT FROM pg_locks WHERE NOT granted AND relation IS NOT NULL";
      while ((await product.ask(waiting)).length === 0) await sleep(20);
      await writer.query("COMMIT");
      const { exitCode, stdout } = await rolledBack;
      const { error } = JSON.parse(stdout) as { error: { code: string; found: string } };
      expect([exitCode, error.code]).toEqual([1, "rollback-loses"]);
      return error.found;
    };
    const values = "public.orders.confirmed_at";
    expect(
      await foundAfter("INSERT INTO orders (id, total, confirmed_at) VALUES (1, 10, now())"),
    ).toBe(`${values}: the column's values, 1 row`);
    expect(await foundAfter(`INSERT INTO "li'nes" VALUES (1), (2)`, "--lose", values)).toBe(
      `public."li'nes": the table's rows, 2 rows`,
    );
    expect(await states(product)).toEqual(["0001_shop applied", "0002_confirmed applied"]);
    expect(await product.ask("SELECT count(*)::int AS rows FROM orders")).toEqual([{ rows: 1 }]);
  });

  itWhere(isNewest)(
    "uses nothing of a sequence up while it counts, and takes what a policy hides for a loss",
    async () => {
      await using product = await Product.make(scratch, {
        migrations: {
          ...migrations,
          "0002_confirmed.sql": `CREATE TABLE lines (id int PRIMARY KEY);
            ALTER TABLE lines ENABLE ROW LEVEL SECURITY; ALTER TABLE lines FORCE ROW LEVEL SECURITY;
            ALTER TABLE orders ADD COLUMN place serial;`,
        },
      });
      await product.ask(
        "CREATE ROLE clerk LOGIN PASSWORD 'clerk'; GRANT ALL ON SCHEMA public TO clerk",
      );
      await product.ask(
        "DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO clerk', current_database()); END $$",
      );
      try {
        const url = new URL(product.url);
        [url.username, url.password] = ["clerk", "clerk"];
        const env = { DATABASE_URL: url.href };
        expect((await product.run(["migrate"], { env })).exitCode).toBe(0);
        await product.ask("INSERT INTO orders (id, total) VALUES (1, 10), (2, 3)");
        await product.ask("INSERT INTO lines VALUES (1)");
        const place = "SELECT last_value::integer AS last FROM orders_place_seq";
        expect(await product.ask(place)).toEqual([{ last: 2 }]);
        const { exitCode, stdout } = await product.run(["rollback", "--dry-run", "--json"], {
          env,
        });
        expect(exitCode).toBe(0);
        expect(JSON.parse(stdout)).toMatchObject({
          losses: [
            { name: "public.lines", what: "the table's rows" },
            { name: "public.orders.place", rows: 2 },
          ],
        });
        expect(await product.ask(place)).toEqual([{ last: 2 }]);
      } finally {
        await product.ask("DROP OWNED BY clerk CASCADE; DROP ROLE clerk");
      }
    },
  );

  itWhere(isNewest)(
    "goes by the down file where there is one, and refuses one that does not lead back",
    async () => {
      await using product = await applied(migrations);
      product.folder.write("migrations/0002_confirmed.down.sql", "SELECT 1 / 0;");
      const broken = await product.run(["rollback"]);
      expect(broken.exitCode).toBe(1);
      expect(broken.stderr).toContain("error[rollback-refused]");
      expect(broken.stderr).toContain("division by zero");
      product.folder.write("migrations/0002_confirmed.down.sql", "CREATE TABLE left_behind ();");
      const astray = await product.run(["rollback"]);
      expect(astray.stderr).toContain("public.left_behind: extra table");
      expect(astray.stderr).toContain("public.orders.confirmed_at: extra column");
      expect(await states(product)).toEqual(["0001_shop applied", "0002_confirmed applied"]);
      product.folder.write(
        "migrations/0002_confirmed.down.sql",
        "UPDATE orders SET note = 'x'; ALTER TABLE orders DROP COLUMN confirmed_at;",
      );
      await product.ask("INSERT INTO orders VALUES (1, 10, 'kept')");
      const writes = await product.run(["rollback"]);
      expect(writes.stderr).toContain("migrations/0002_confirmed.down.sql:1: a statement");
      expect(writes.stderr).toContain("public.orders: made-up rows");
      product.folder.write(
        "migrations/0002_confirmed.down.sql",
        "ALTER TABLE orders DROP COLUMN confirmed_at;",
      );
      const { exitCode, stdout } = await product.run(["rollback", "0002_confirmed"]);
      expect([exitCode, stdout]).toEqual([
        0,
        expect.stringContaining("by        migrations/0002_confirmed.down.sql"),
      ]);
      expect(await states(product)).toEqual(["0001_shop applied", "0002_confirmed pending"]);
    },
  );

  itWhere(isNewest)(
    "is refused while a release that runs needs what goes, unless a person answers for it",
    async () => {
      await using product = await Product.withV1(scratch);
      product.write({ migrations, contract: v2 });
      expect((await product.run(["deploy", "--release", "v2"])).exitCode).toBe(0);
      const refused = await product.run(["rollback"]);
      expect(refused.exitCode).toBe(1);
      expect(refused.stderr).toContain("error[running-release-breaks]");
      expect(refused.stderr).toContain("release v2 needs public.orders.confirmed_at");
      product.write({ contract: v1 });
      expect((await product.run(["deploy", "--release", "v1"])).exitCode).toBe(0);
      expect((await product.run(["rollback", "--dry-run"])).exitCode).toBe(0);
      expect((await product.run(["rollback", "--consent", "Ada: night shift"])).exitCode).toBe(0);
      expect(
        await product.ask(
          "SELECT detail->'consent' AS consent FROM lockstep.run WHERE command = 'rollback'",
        ),
      ).toEqual([{ consent: { name: "Ada", reason: "night shift" } }]);
    },
  );

  itWhere(isNewest)(
    "keeps the tool's own ledger true: for golang-migrate it was never applied",
    async () => {
      await using product = await Product.make(scratch, { migrations: {} });
      const files = {
        "1_shop.up.sql": shop,
        "1_shop.down.sql": "DROP TABLE orders;",
        "2_confirmed.up.sql": confirmed,
        "2_confirmed.down.sql": "ALTER TABLE orders DROP COLUMN confirmed_at;",
      };
      for (const [name, sql] of Object.entries(files)) product.folder.write(`go/${name}`, sql);
      product.folder.write(
        "lockstep.config.json",
        JSON.stringify({
          migrations: { folder: "go", tool: "golang-migrate" },
          environments: { production: { urlEnv: "DATABASE_URL" } },
        }),
      );
      expect((await product.run(["migrate"])).exitCode).toBe(0);
      const ledger = "SELECT version::integer, dirty FROM schema_migrations";
      expect(await product.ask(ledger)).toEqual([{ version: 2, dirty: false }]);
      const { exitCode, stdout } = await product.run(["rollback"]);
      expect([exitCode, stdout]).toEqual([
        0,
        expect.stringContaining("by        go/2_confirmed.down.sql"),
      ]);
      expect(await product.ask(ledger)).toEqual([{ version: 1, dirty: false }]);
      expect(await product.columns()).not.toContain("confirmed_at");
    },
  );

  itWhere(isNewest)(
    "goes by an inverse in which an index goes before the function that it rests on",
    async () => {
      await using product = await applied({
        ...migrations,
        "0002_confirmed.sql": `CREATE FUNCTION half(n numeric) RETURNS numeric IMMUTABLE LANGUAGE sql AS 'SELECT n / 2';
          CREATE INDEX orders_half ON orders (half(total));`,
      });
      const { exitCode, stdout } = await product.run(["rollback", "--json"]);
      expect([exitCode, (JSON.parse(stdout) as { sql: string }).sql]).toEqual([
        0,
        expect.stringMatching(/DROP INDEX CONCURRENTLY .*orders_half.*;\nDROP ROUTINE /),
      ]);
      expect(
        await product.ask("SELECT to_regclass('orders_half') AS i, to_regproc('half') AS f"),
      ).toEqual([{ i: null, f: null }]);
    },
  );

  itWhere(isNewest)("has no inverse for what a migration has thrown away", async () => {
    await using product = await applied({
      ...migrations,
      "0002_confirmed.sql": "ALTER TABLE orders DROP COLUMN note;",
    });
    const { exitCode, stderr } = await product.run(["rollback"]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("missing-column public.orders.note");
    product.folder.write(
      "migrations/0002_confirmed.down.sql",
      "ALTER TABLE orders ADD COLUMN note text;",
    );
    const back = await product.run(["rollback"]);
    expect(back.exitCode).toBe(0);
    expect(back.stdout).toContain("the migration had dropped it: public.orders.note");
  });

  itWhere(isNewest)("takes back the last one only, and what is settled", async () => {
    await using product = await applied(migrations);
    const other = await product.run(["rollback", "0001_shop"]);
    expect(other.stderr).toContain("0001_shop is not the last applied migration");
    expect((await product.run(["rollback", "0009_none"])).stderr).toContain(
      'there is no migration and no plan "0009_none"',
    );
    product.write({ migrations: { "0002_confirmed.sql": `${confirmed} -- edited` } });
    expect((await product.run(["rollback"])).stderr).toContain("0002_confirmed is edited");
    product.write({ migrations });
    expect((await product.run(["rollback"])).exitCode).toBe(0);
    expect((await product.run(["rollback"])).exitCode).toBe(0);
    expect((await product.run(["rollback"])).stderr).toContain(
      "no migration of migrations is applied",
    );
  });

  itWhere(isNewest)("waits for locks as a migration does, and gives way", async () => {
    await using product = await applied(migrations);
    await using _holder = await product.hold("BEGIN; SELECT FROM orders");
    const { exitCode, stderr } = await product.run(["rollback", "--retry-for", "500"]);
    expect([exitCode, stderr]).toEqual([3, expect.stringContaining("error[lock-timeout]")]);
    expect(await states(product)).toEqual(["0001_shop applied", "0002_confirmed applied"]);
    await _holder.close();
    expect((await product.run(["rollback"])).exitCode).toBe(0);
  });
});
