import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from "vitest";
import { buildContract, type Contract } from "../../src/contract/index.ts";
import { runGate, type Difference, type OtherEnvironment } from "../../src/gate/index.ts";
import { installLedger } from "../../src/ledger/index.ts";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { readMigrations, type MigrationFolder } from "../../src/tools/index.ts";

const files = {
  "0001_shop.sql": `CREATE TYPE kind AS ENUM ('download', 'license');
CREATE TABLE orders (id int PRIMARY KEY, full_name text, total int NOT NULL DEFAULT 0);`,
  "0002_kind.sql": `ALTER TYPE kind ADD VALUE 'bundle';
ALTER TABLE orders ADD COLUMN confirmed_at timestamptz;`,
  "0003_name.sql": `ALTER TABLE orders RENAME COLUMN full_name TO name;`,
};

let root: string;
let scratch: Scratch;
let folder: MigrationFolder;
let contract: Contract;
let session: Session;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "lockstep-cause-"));
  mkdirSync(join(root, "db"));
  for (const [name, sql] of Object.entries(files)) writeFileSync(join(root, "db", name), sql);
  scratch = await startScratch();
  folder = await readMigrations({ folder: "db", cwd: root, tool: "sql" });
  contract = await buildContract({
    source: { kind: "migrations", folder },
    release: "v3",
    scratch,
    root,
  });
});

afterAll(async () => {
  await scratch.close();
  rmSync(root, { recursive: true, force: true });
});

beforeEach(async () => {
  const { url } = await scratch.createDatabase();
  session = await Session.open({ url, applicationName: "test" });
  await installLedger(session);
});

afterEach(async () => session.close());

/** Runs the first migrations and records them as Lockstep does. */
async function apply(count: number): Promise<void> {
  for (const { id, sql, checksum } of folder.migrations.slice(0, count)) {
    await session.batch(sql);
    await session.query(
      "INSERT INTO lockstep.migration (source, id, checksum, how, fence, applied_at) VALUES ($1, $2, $3, 'applied', 1, '2026-01-02 03:04:05+00')",
      [folder.source, id, checksum],
    );
  }
}

async function gate(
  options: {
    readonly folder?: MigrationFolder | undefined;
    readonly elsewhere?: readonly OtherEnvironment[];
    readonly contract?: Contract;
  } = {},
): Promise<readonly Difference[]> {
  const { differences } = await runGate({
    contract,
    database: session,
    environment: "production",
    folder,
    ...options,
  });
  return differences;
}

const causes = (differences: readonly Difference[]) =>
  Object.fromEntries(differences.map(({ object, cause, next }) => [object, [cause, next]]));

describe("the cause of a difference", () => {
  it("is none when everything fits", async () => {
    await apply(3);
    expect(await gate()).toEqual([]);
  });

  it("is a migration that has never run here", async () => {
    await apply(2);
    expect(causes(await gate())).toEqual({
      "public.orders.name": [
        "0003_name (db/0003_name.sql:1), which makes it, has never run here",
        "lockstep migrate",
      ],
    });
  });

  it("is a migration that has run elsewhere for weeks, and not here", async () => {
    await apply(1);
    const since = new Date(Date.now() - 21 * 86_400_000 - 1000);
    const elsewhere = [
      { environment: "staging", applied: new Map([["0002_kind", since]]) },
      {
        environment: "dev",
        applied: new Map<string, Date | undefined>([["0002_kind", undefined]]),
      },
    ];
    const found = causes(await gate({ elsewhere }));
    expect(found["public.kind.bundle"]![0]).toBe(
      "0002_kind (db/0002_kind.sql:1), which makes it, has never run here; it has been in staging for 21 days, dev",
    );
    expect(found["public.orders.confirmed_at"]![0]).toContain("db/0002_kind.sql:2");
  });

  it("is a migration that failed half-way", async () => {
    await apply(1);
    await session.query(
      `INSERT INTO lockstep.unit (source, migration, number, hash, line, state, fence, at, failure)
       VALUES ($1, '0002_kind', 1, 'x', 2, 'failed', 1, '2026-01-02 03:04:05+00', $2)`,
      [
        folder.source,
        JSON.stringify({
          statement: 1,
          line: 2,
          sql: "ALTER TABLE …",
          message: "lock timeout",
          remained: "nothing",
        }),
      ],
    );
    const [cause, next] = causes(await gate())["public.orders.confirmed_at"]!;
    expect(cause).toBe(
      "0002_kind (db/0002_kind.sql:2), which makes it, failed half-way here on 2026-01-02 03:04 UTC at line 2: lock timeout",
    );
    expect(next).toBe("lockstep migrate");
  });

  it("is a change by hand, when the record says applied", async () => {
    await apply(3);
    await session.batch(
      "ALTER TABLE orders DROP COLUMN confirmed_at; ALTER TABLE orders ALTER COLUMN total TYPE bigint",
    );
    const found = causes(await gate());
    expect(found["public.orders.confirmed_at"]).toEqual([
      "0002_kind (db/0002_kind.sql:2) is recorded as applied on 2026-01-02 03:04 UTC, yet the catalog says otherwise: changed by hand, or restored from an older backup",
      'ALTER TABLE "public"."orders" ADD COLUMN "confirmed_at" timestamp with time zone',
    ]);
    expect(found["public.orders.total"]![0]).toContain(
      "0001_shop (db/0001_shop.sql:2) was the last to say how it is, applied on 2026-01-02 03:04 UTC: the code's schema says otherwise than the migration, or it was changed by hand since",
    );
  });

  it("is a file that was edited after it ran", async () => {
    await apply(3);
    await session.batch("ALTER TABLE orders DROP COLUMN confirmed_at");
    await session.query("UPDATE lockstep.migration SET checksum = 'other' WHERE id = '0002_kind'");
    const [cause] = causes(await gate())["public.orders.confirmed_at"]!;
    expect(cause).toContain("the file was edited after it was applied");
  });

  it("is a rename by hand, or one of another case", async () => {
    await apply(3);
    await session.batch(
      "ALTER TABLE orders RENAME COLUMN confirmed_at TO confirmed_att; ALTER TYPE kind RENAME VALUE 'bundle' TO 'Bundle'",
    );
    const found = causes(await gate());
    expect(found["public.orders.confirmed_at"]![0]).toContain(
      "confirmed_att exists, which the release does not know: renamed by hand?",
    );
    expect(found["public.kind.bundle"]![0]).toContain(
      "Bundle exists, which differs only in case or form",
    );
  });

  it("is a table in another schema or of another case", async () => {
    await apply(3);
    await session.batch(
      'CREATE SCHEMA other; ALTER TABLE orders SET SCHEMA other; CREATE TABLE "Orders" (id int)',
    );
    const [cause] = causes(await gate())["public.orders"]!;
    expect(cause).toContain(
      'other.orders and public."Orders" exists: another schema, another case',
    );
  });

  it("is a schema file without a migration", async () => {
    await apply(3);
    const [table] = contract.tables;
    const [id] = table!.columns;
    const added = { ...id!, name: "added", nullable: true, from: "src/schema.ts:9" };
    const newer = { ...contract, tables: [{ ...table!, columns: [...table!.columns, added] }] };
    expect(causes(await gate({ contract: newer }))).toEqual({
      "public.orders.added": [
        "no migration of the folder makes it: the code changed and no migration was written",
        'write a migration: ALTER TABLE "public"."orders" ADD COLUMN "added" integer',
      ],
    });
    const required = { ...added, nullable: false };
    const strict = { ...contract, tables: [{ ...table!, columns: [...table!.columns, required] }] };
    expect(causes(await gate({ contract: strict }))["public.orders.added"]![1]).toBe(
      'write a migration: ALTER TABLE "public"."orders" ADD COLUMN "added" integer NOT NULL (refused while the table has rows: add it without NOT NULL, fill it, then set NOT NULL)',
    );
    const drizzle = { ...folder, tool: "drizzle" };
    expect(causes(await gate({ contract: newer, folder: drizzle }))).toEqual({
      "public.orders.added": [
        "no migration of the folder makes it: the schema file changed and no migration was written",
        "npx drizzle-kit generate",
      ],
    });
  });

  it("is a release older than the database", async () => {
    const early = { ...folder, migrations: folder.migrations.slice(0, 2) };
    const older = await buildContract({
      source: { kind: "migrations", folder: early },
      release: "v2",
      scratch,
      root,
    });
    await apply(3);
    const [cause, next] = causes(await gate({ contract: older }))["public.orders.full_name"]!;
    expect(cause).toContain(
      "0003_name (db/0003_name.sql:1) has dropped or renamed it on 2026-01-02 03:04 UTC",
    );
    expect(next).toBe("deploy a release that does without it, or put it back with a new migration");
  });

  it("is a column of another release, or made by hand", async () => {
    await apply(3);
    await session.batch("ALTER TABLE orders ADD COLUMN tenant int NOT NULL");
    expect(causes(await gate())).toEqual({
      "public.orders.tenant": [
        "no applied migration makes it: made by hand, or by another tool",
        'ALTER TABLE "public"."orders" ALTER COLUMN "tenant" DROP NOT NULL',
      ],
    });
    expect(causes(await gate({ folder: undefined }))["public.orders.tenant"]![0]).toBe(
      "another release has made it, or someone by hand",
    );
  });

  it("is a check that a migration has made and the code's schema does not say", async () => {
    await apply(3);
    const checked = {
      ...folder,
      migrations: folder.migrations.map((one) =>
        one.id === "0003_name"
          ? { ...one, sql: `${one.sql};ALTER TABLE orders ADD CONSTRAINT paid CHECK (total > 0)` }
          : one,
      ),
    };
    await session.batch("ALTER TABLE orders ADD CONSTRAINT paid CHECK (total > 0)");
    const [cause] = causes(await gate({ folder: checked }))["public.orders.paid"]!;
    expect(cause).toMatch(
      /^0003_name \(db\/0003_name\.sql:\d+\) has made it .*: the code's schema does not say it, or the release is older than the database$/,
    );
  });

  it("is looked for without a ledger too", async () => {
    await session.query("DROP SCHEMA lockstep CASCADE");
    expect(causes(await gate())["public.orders"]![0]).toContain("has never run here");
  });
});
