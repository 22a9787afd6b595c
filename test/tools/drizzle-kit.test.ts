import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { readMigrations } from "../../src/tools/index.ts";
import { failureOf } from "../support/failure.ts";
import { temporaryFolder, type TemporaryFolder } from "../support/folder.ts";

const run = promisify(execFile);
const drizzleKit = join(dirname(createRequire(import.meta.url).resolve("drizzle-kit")), "bin.cjs");

let scratch: Scratch;

beforeAll(async () => {
  scratch = await startScratch();
});

afterAll(async () => {
  await scratch.close();
});

const tags = ["0000_users", "0001_orders", "0002_paid"];

function writeFolder(folder: TemporaryFolder, url: string, ledger: object | undefined): void {
  folder.write(
    "drizzle.config.json",
    JSON.stringify({
      dialect: "postgresql",
      out: "./drizzle",
      dbCredentials: { url },
      ...(ledger === undefined ? {} : { migrations: ledger }),
    }),
  );
  const entries = tags.map((tag, idx) => ({
    idx,
    version: "7",
    when: 1_795_252_150_650 + idx,
    tag,
    breakpoints: true,
  }));
  folder.write(
    "drizzle/meta/_journal.json",
    JSON.stringify({ version: "7", dialect: "postgresql", entries }),
  );
  folder.write("drizzle/0000_users.sql", "CREATE TABLE users (id int);\r\n-- größer\r\n");
  folder.write(
    "drizzle/0001_orders.sql",
    "CREATE TABLE orders (id int);\n--> statement-breakpoint\nCREATE INDEX ON orders (id);",
  );
  folder.write("drizzle/0002_paid.sql", "ALTER TABLE orders ADD COLUMN paid_at timestamptz;\n");
}

/** Drizzle Kit's own migrate; it prints no reason when it fails. */
const migrateWithDrizzle = async (folder: TemporaryFolder) =>
  run(process.execPath, [drizzleKit, "migrate", "--config=drizzle.config.json"], {
    cwd: folder.path,
  });

describe.each([
  ["its default ledger", undefined],
  ["a ledger elsewhere", { schema: "we \"quote'", table: "Applied Migrations" }],
])("drizzle-kit with %s", (_, ledgerPlace) => {
  it("finds nothing to do after Lockstep has recorded the migrations", async () => {
    const database = await scratch.createDatabase();
    await using session = await Session.open({ url: database.url, applicationName: "test" });
    using folder = temporaryFolder();
    writeFolder(folder, database.url, ledgerPlace);
    const { migrations, ledger } = await readMigrations({ folder: "drizzle", cwd: folder.path });
    expect(await ledger!.read(session, migrations)).toEqual([]);
    await session.batch(ledger!.createSql);
    await session.batch(ledger!.createSql);
    for (const migration of migrations) {
      await session.batch(migration.sql);
      await session.batch(ledger!.recordSql(migration, "run").join(";"));
    }
    const before = await ledger!.read(session, migrations);
    await migrateWithDrizzle(folder);
    expect(await ledger!.read(session, migrations)).toEqual(before);
    expect(before.map(({ id, checksum }) => ({ id, checksum }))).toEqual(
      migrations.map(({ id, checksum }) => ({ id, checksum })),
    );
  });

  it("writes the rows that Lockstep reads, and takes up where Lockstep has erased one", async () => {
    const database = await scratch.createDatabase();
    await using session = await Session.open({ url: database.url, applicationName: "test" });
    using folder = temporaryFolder();
    writeFolder(folder, database.url, ledgerPlace);
    await migrateWithDrizzle(folder);
    const { migrations, ledger } = await readMigrations({ folder: "drizzle", cwd: folder.path });
    const applied = await ledger!.read(session, migrations);
    expect(applied).toEqual(
      migrations.map(({ id, checksum }, index) => ({
        id,
        label: `row ${index + 1}, created_at ${1_795_252_150_650 + index} (2026-11-21T09:09:10.65${index}Z)`,
        appliedAt: undefined,
        checksum,
        isEdited: false,
      })),
    );
    await session.query("ALTER TABLE orders DROP COLUMN paid_at");
    await session.batch(ledger!.eraseSql(migrations[2]!).join(";"));
    await migrateWithDrizzle(folder);
    expect((await ledger!.read(session, migrations)).map(({ id }) => id)).toEqual(tags);
    await session.query("SELECT paid_at FROM orders");
  });
});

it("makes the same ledger table as Drizzle Kit", async () => {
  const shapeOf = async (fill: (folder: TemporaryFolder, session: Session) => Promise<void>) => {
    const database = await scratch.createDatabase();
    await using session = await Session.open({ url: database.url, applicationName: "test" });
    using folder = temporaryFolder();
    writeFolder(folder, database.url, undefined);
    await fill(folder, session);
    const { rows } = await session.query(
      `SELECT attname, format_type(atttypid, atttypmod) AS type, attnotnull,
              pg_get_expr(adbin, adrelid) AS value,
              pg_get_serial_sequence('drizzle.__drizzle_migrations', attname) AS sequence,
              (SELECT string_agg(pg_get_constraintdef(oid), ', ' ORDER BY conname) FROM pg_constraint
                WHERE conrelid = attrelid) AS constraints
         FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE attrelid = 'drizzle.__drizzle_migrations'::regclass AND attnum > 0 ORDER BY attnum`,
    );
    return rows;
  };
  const ours = await shapeOf(async (folder, session) => {
    const { ledger } = await readMigrations({ folder: "drizzle", cwd: folder.path });
    await session.batch(ledger!.createSql);
  });
  const theirs = await shapeOf(async (folder) => void (await migrateWithDrizzle(folder)));
  expect(ours).toEqual(theirs);
});

describe("a ledger that does not fit the folder", () => {
  const withLedger = async (
    rows: string,
    test: (session: Session, folder: TemporaryFolder) => Promise<void>,
  ) => {
    const database = await scratch.createDatabase();
    await using session = await Session.open({ url: database.url, applicationName: "test" });
    using folder = temporaryFolder();
    writeFolder(folder, database.url, undefined);
    const { ledger } = await readMigrations({ folder: "drizzle", cwd: folder.path });
    await session.batch(ledger!.createSql);
    await session.batch(
      `INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ${rows}`,
    );
    await test(session, folder);
  };

  it("names rows that no file stands for, and rows known by their bytes alone", async () => {
    using sample = temporaryFolder();
    writeFolder(sample, "postgres://nobody@127.0.0.1/none", undefined);
    const { migrations } = await readMigrations({ folder: "drizzle", cwd: sample.path });
    const [, orders] = migrations;
    const rows = `('edited', 1795252150650), ('${orders!.checksum}', 1700000000000), ('gone', 1), ('gone', NULL)`;
    await withLedger(rows, async (session, folder) => {
      const { migrations, ledger } = await readMigrations({ folder: "drizzle", cwd: folder.path });
      const applied = await ledger!.read(session, migrations);
      expect(applied.map(({ id, label, checksum }) => [id, label, checksum])).toEqual([
        ["0000_users", "row 1, created_at 1795252150650 (2026-11-21T09:09:10.650Z)", "edited"],
        [
          "0001_orders",
          "row 2, created_at 1700000000000 (2023-11-14T22:13:20.000Z)",
          orders!.checksum,
        ],
        [undefined, "row 3, created_at 1 (1970-01-01T00:00:00.001Z)", "gone"],
        [undefined, "row 4, created_at NULL", "gone"],
      ]);
    });
  });

  it("is no ledger of Drizzle's", async () => {
    await withLedger("('a', 1)", async (session, folder) => {
      await session.query("ALTER TABLE drizzle.__drizzle_migrations RENAME hash TO digest");
      const { migrations, ledger } = await readMigrations({ folder: "drizzle", cwd: folder.path });
      expect(await failureOf(() => ledger!.read(session, migrations))).toEqual({
        code: "migration-unsupported",
        exitCode: 2,
        what: '"drizzle"."__drizzle_migrations" is not a ledger of Drizzle\'s',
        expected: "columns id, hash, created_at",
        found: "id, digest, created_at",
        from: '"drizzle"."__drizzle_migrations"',
        why: "another table has the name that Drizzle's configuration gives its ledger",
        next: [
          "check `migrations.schema` and `migrations.table` of drizzle.config, or `migrations.ledger` of lockstep.config",
        ],
      });
    });
  });

  it("may not be read", async () => {
    await withLedger("('a', 1)", async (session, folder) => {
      await session.batch("CREATE ROLE deployer_without_ledger; SET ROLE deployer_without_ledger");
      const { migrations, ledger } = await readMigrations({ folder: "drizzle", cwd: folder.path });
      expect(await failureOf(() => ledger!.read(session, migrations))).toEqual({
        code: "privilege-missing",
        exitCode: 2,
        what: 'Drizzle\'s ledger "drizzle"."__drizzle_migrations" may not be read',
        expected: "a role that may read and write it",
        found: "permission denied for schema drizzle",
        from: "drizzle.__drizzle_migrations",
        why: "Drizzle ran as another role, which owns the ledger",
        next: [
          'as its owner: GRANT USAGE ON SCHEMA "drizzle" TO your_role; GRANT SELECT, INSERT, UPDATE, DELETE ON "drizzle"."__drizzle_migrations" TO your_role',
          "or run Lockstep as that role",
        ],
      });
    });
  });

  it("needs no right to create a schema when it exists", async () => {
    await withLedger("('a', 1)", async (session, folder) => {
      await session.batch(
        `CREATE ROLE deployer; GRANT USAGE ON SCHEMA drizzle TO deployer; SET ROLE deployer`,
      );
      const { ledger } = await readMigrations({ folder: "drizzle", cwd: folder.path });
      await session.batch(ledger!.createSql);
    });
  });
});

describe("Drizzle Kit 1.0's ledger", () => {
  const names = ["20260102030405_a", "20260102030405_b", "20260203040506_c"];
  const setUp = async () => {
    const database = await scratch.createDatabase();
    const session = await Session.open({ url: database.url, applicationName: "test" });
    using folder = temporaryFolder(
      Object.fromEntries(
        names.map((name) => [`drizzle/${name}/migration.sql`, `SELECT '${name}';`]),
      ),
    );
    const read = await readMigrations({ folder: "drizzle", cwd: folder.path, tool: "drizzle" });
    return { session, ...read, ledger: read.ledger! };
  };

  it("is made, written, read by name and taken back", async () => {
    const { session, migrations, ledger } = await setUp();
    await session.batch(ledger.createSql);
    await session.batch(ledger.createSql);
    for (const migration of migrations)
      await session.batch(ledger.recordSql(migration, "run").join(";"));
    await session.batch(ledger.eraseSql(migrations[1]!).join(";"));
    await session.query("UPDATE drizzle.__drizzle_migrations SET name = 'gone' WHERE id = 3");
    expect(await ledger.read(session, migrations)).toEqual([
      {
        id: names[0],
        label: names[0],
        appliedAt: expect.any(Date),
        checksum: migrations[0]!.checksum,
        isEdited: false,
      },
      {
        id: undefined,
        label: "gone",
        appliedAt: expect.any(Date),
        checksum: migrations[2]!.checksum,
        isEdited: false,
      },
    ]);
    const { rows } = await session.query("SELECT created_at FROM drizzle.__drizzle_migrations");
    expect(rows[0]).toEqual({ created_at: String(Date.UTC(2026, 0, 2, 3, 4, 5)) });
    await session.close();
  });

  it("is brought from 0.x's form to its own as Drizzle Kit does it", async () => {
    const { session, migrations, ledger } = await setUp();
    await session.batch(
      `CREATE SCHEMA drizzle;
       CREATE TABLE drizzle.__drizzle_migrations (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at bigint);
       INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES
         ('${migrations[1]!.checksum}', ${Date.UTC(2026, 0, 2, 3, 4, 5, 321)}),
         ('edited', ${Date.UTC(2026, 1, 3, 4, 5, 6, 7)}),
         ('gone', 5)`,
    );
    const ids = [names[1], names[2], undefined];
    const before = await ledger.read(session, migrations);
    expect(before.map(({ id }) => id)).toEqual(ids);
    await session.batch(ledger.createSql);
    const after = await ledger.read(session, migrations);
    expect(after.map(({ id, appliedAt }) => [id, appliedAt])).toEqual(
      ids.map((id) => [id, undefined]),
    );
    expect(after.map(({ label }) => label).slice(0, 2)).toEqual(ids.slice(0, 2));
    await session.batch(ledger.recordSql(migrations[0]!, "run").join(";"));
    expect((await ledger.read(session, migrations)).at(-1)).toMatchObject({ id: names[0] });
    await session.close();
  });
});
