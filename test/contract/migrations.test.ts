import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildContract, migrationOrigins } from "../../src/contract/index.ts";
import { Session } from "../../src/pg/index.ts";
import { startScratch, supportedMajors, type Scratch } from "../../src/scratch/index.ts";
import { readMigrations, type MigrationFolder } from "../../src/tools/index.ts";

let root: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "lockstep-migrations-"));
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

async function folderOf(files: Readonly<Record<string, string>>): Promise<MigrationFolder> {
  const cwd = mkdtempSync(join(root, "m-"));
  mkdirSync(join(cwd, "db"));
  for (const [name, sql] of Object.entries(files)) writeFileSync(join(cwd, "db", name), sql);
  return readMigrations({ folder: "db", cwd, tool: "sql" });
}

const history = {
  "0001_shop.sql": `CREATE SCHEMA shop;
CREATE TYPE shop.status AS ENUM ('new', 'paid');
CREATE TABLE shop.orders (
  id int PRIMARY KEY,
  full_name text,
  status shop.status NOT NULL DEFAULT 'new',
  total int CHECK (total >= 0)
);
CREATE INDEX orders_status ON shop.orders (status);`,
  "0002_more.sql": `
ALTER TYPE shop.status ADD VALUE 'refunded';
ALTER TABLE shop.orders ADD COLUMN note text, DROP COLUMN total;
ALTER TABLE shop.orders RENAME COLUMN full_name TO name;
ALTER TABLE shop.orders ADD CONSTRAINT note_filled CHECK (note <> '');
CREATE VIEW shop.names AS SELECT name FROM shop.orders;`,
  "0003_rename.sql": `ALTER TABLE shop.orders RENAME TO purchases;
ALTER INDEX shop.orders_status RENAME TO purchases_status;
ALTER TABLE shop.purchases ALTER COLUMN note TYPE varchar(100);
CREATE INDEX CONCURRENTLY purchases_note ON shop.purchases (note);`,
};

describe("origins of objects in a folder", () => {
  it("are the statements that touched them last, renames carried along", async () => {
    const origins = await migrationOrigins(await folderOf(history));
    const of = (address: string) => {
      const origin = origins.get(address);
      return origin && `${origin.action} ${origin.from}`;
    };
    expect(of("schema shop")).toBe("made db/0001_shop.sql:1");
    expect(of("label shop.status.paid")).toBe("made db/0001_shop.sql:2");
    expect(of("label shop.status.refunded")).toBe("made db/0002_more.sql:2");
    expect(of("relation shop.orders")).toBe("dropped db/0003_rename.sql:1");
    expect(of("relation shop.purchases")).toBe("made db/0003_rename.sql:1");
    expect(of("column shop.purchases.id")).toBe("made db/0001_shop.sql:3");
    expect(of("column shop.purchases.name")).toBe("made db/0002_more.sql:4");
    expect(of("column shop.purchases.full_name")).toBe("dropped db/0002_more.sql:4");
    expect(of("column shop.purchases.total")).toBe("dropped db/0002_more.sql:3");
    expect(of("column shop.purchases.note")).toBe("changed db/0003_rename.sql:3");
    expect(of("constraint shop.purchases.note_filled")).toBe("made db/0002_more.sql:5");
    expect(of("constraint shop.purchases.orders_pkey")).toBe("made db/0001_shop.sql:3");
    expect(of("index shop.purchases_status")).toBe("made db/0003_rename.sql:2");
    expect(of("relation shop.names")).toBe("made db/0002_more.sql:6");
    expect(origins.get("relation shop.purchases")!.formerly).toBe("shop.orders");
  });
});

describe.each(supportedMajors)("a contract from a folder on Postgres %i", (major) => {
  let scratch: Scratch;

  beforeAll(async () => {
    scratch = await startScratch({ major });
  });

  afterAll(async () => scratch.close());

  it("is the catalog that the folder makes, with the migration behind each object", async () => {
    const folder = await folderOf(history);
    const contract = await buildContract({
      source: { kind: "migrations", folder },
      release: "v3",
      scratch,
      root,
    });
    const [table] = contract.tables;
    expect(table).toMatchObject({
      schema: "shop",
      name: "purchases",
      from: "db/0003_rename.sql:1",
    });
    expect(table!.columns.map(({ name, type, from }) => `${name} ${type} ${from}`)).toEqual([
      "id integer db/0001_shop.sql:3",
      "name text db/0002_more.sql:4",
      "status shop.status db/0001_shop.sql:3",
      "note character varying(100) db/0003_rename.sql:3",
    ]);
    expect(table!.indexes.map(({ name, from }) => `${name} ${from}`)).toEqual([
      "purchases_note db/0003_rename.sql:4",
      "purchases_status db/0003_rename.sql:2",
    ]);
    expect(contract.enums[0]).toMatchObject({
      labels: ["new", "paid", "refunded"],
      labelFrom: { refunded: "db/0002_more.sql:2" },
    });
    expect(contract.major).toBe(major);
  });

  it("names the statement that scratch refuses", async () => {
    const folder = await folderOf({ "0001_a.sql": "SELECT 1;\nCREATE TABLE a (b no_such_type);" });
    const building = buildContract({
      source: { kind: "migrations", folder },
      release: "v1",
      scratch,
      root,
    });
    await expect(building).rejects.toMatchObject({
      code: "contract-source",
      explanation: { found: 'type "no_such_type" does not exist' },
      message: expect.stringContaining("db/0001_a.sql:2:") as string,
    });
  });
});

describe("what a folder takes for granted", () => {
  it("is made on scratch for the while: roles and extensions", async () => {
    await using scratch = await startScratch();
    const folder = await folderOf({
      "0001_a.sql": `CREATE TABLE a (id uuid DEFAULT uuid_generate_v4(), name citext);
GRANT SELECT ON a TO reader;
CREATE POLICY own ON a TO "App Role" USING (true);
CREATE ROLE made_here;`,
    });
    for (let round = 0; round < 2; round++) {
      const contract = await buildContract({
        source: { kind: "migrations", folder },
        release: "v1",
        scratch,
        root,
      });
      expect(contract.tables[0]!.columns.map(({ type }) => type)).toEqual([
        "uuid",
        "public.citext",
      ]);
    }
    await using session = await Session.open({ url: scratch.url, applicationName: "test" });
    const { rows } = await session.query("SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_'");
    expect(rows).toEqual([{ rolname: "postgres" }]);
  });

  it("is named when the scratch server cannot have it", async () => {
    await using scratch = await startScratch();
    const folder = await folderOf({ "0001_a.sql": "CREATE EXTENSION timescaledb;" });
    await expect(
      buildContract({ source: { kind: "migrations", folder }, release: "v1", scratch, root }),
    ).rejects.toMatchObject({
      code: "contract-source",
      explanation: {
        next: ["name a scratch server that has timescaledb: --scratch-url postgres://…"],
      },
    });
  });
});

describe("values of a text column that plays an enum", () => {
  it("are read from the contract's own check", async () => {
    await using scratch = await startScratch();
    const folder = await folderOf({
      "0001_a.sql": `CREATE TABLE a (
        one text CHECK (one IN ('x', 'it''s')), two varchar(9) NOT NULL,
        three text CHECK (three = 'a' OR three = 'b'), four integer CHECK (four IN (1, 2)), "Five" text,
        CHECK (two IN ('p', 'q') AND length(two) > 0), CHECK ("Five" = ANY (ARRAY['m'])))`,
    });
    const contract = await buildContract({
      source: { kind: "migrations", folder },
      release: "v1",
      scratch,
      root,
    });
    expect(contract.tables[0]!.columns.map(({ values }) => values)).toEqual([
      ["x", "it's"],
      ["p", "q"],
      null,
      null,
      ["m"],
    ]);
  });
});
