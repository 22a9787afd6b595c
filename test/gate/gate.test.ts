import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildContract, type Contract } from "../../src/contract/index.ts";
import { runGate } from "../../src/gate/index.ts";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { readMigrations, type MigrationFolder } from "../../src/tools/index.ts";

const root = new URL("../..", import.meta.url).pathname;
let scratch: Scratch;
let contract: Contract;
let folder: MigrationFolder;

beforeAll(async () => {
  scratch = await startScratch();
  contract = await buildContract({
    source: { kind: "drizzle", files: ["examples/storefront/schema/v2.ts"] },
    release: "v2",
    scratch,
    root,
  });
  folder = await readMigrations({ folder: "examples/storefront/migrations", cwd: root });
});

afterAll(async () => scratch.close());

/** `file:line` of the first line that holds `text`. */
function placeOf(file: string, text: string): string {
  const lines = readFileSync(join(root, file), "utf8").split("\n");
  return `${file}:${lines.findIndex((line) => line.includes(text)) + 1}`;
}

/** A database with the first migrations of the storefront, as `drizzle-kit migrate` leaves it. */
async function shop(applied: number) {
  const database = await scratch.createDatabase();
  const session = await Session.open({ url: database.url, applicationName: "test" });
  await session.batch(folder.ledger!.createSql);
  for (const migration of folder.migrations.slice(0, applied)) {
    await session.batch(migration.sql);
    await session.batch(folder.ledger!.recordSql(migration, "run").join(";"));
  }
  return session;
}

describe("the gate on the storefront", () => {
  it("is open when everything has run", async () => {
    await using session = await shop(folder.migrations.length);
    const result = await runGate({
      contract,
      database: session,
      environment: "production",
      folder,
    });
    expect(result).toEqual({
      version: 1,
      open: true,
      release: "v2",
      environment: "production",
      differences: [],
    });
  });

  it("names the column, its line and the migration that never ran", async () => {
    await using session = await shop(1);
    const result = await runGate({
      contract,
      database: session,
      environment: "production",
      folder,
    });
    expect(result.open).toBe(false);
    expect(result.differences).toHaveLength(3);
    expect(result.differences[1]).toEqual({
      severity: "error",
      object: "public.orders.confirmed_at",
      kind: "missing-column",
      expected: "timestamp with time zone",
      found: "no such column",
      from: placeOf("examples/storefront/schema/v2.ts", 'confirmedAt: at("confirmed_at")'),
      effect:
        "every statement that lists the columns of public.orders fails (42703): the code names them all",
      cause:
        "0001_order_confirmed_at (examples/storefront/migrations/0001_order_confirmed_at.sql:1), which makes it, has never run here",
      next: "lockstep migrate",
    });
    expect(result.differences[0]).toMatchObject({
      severity: "error",
      object: "public.entitlement_kind.bundle",
      kind: "missing-enum-value",
      from: placeOf("examples/storefront/schema/v2.ts", '"bundle"'),
    });
    expect(result.differences[2]).toMatchObject({ severity: "warning", kind: "missing-index" });
  });
});
