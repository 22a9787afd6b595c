import { describe, expect, it } from "vitest";
import { runCli } from "../cli/run-cli.ts";
import { temporaryFolder } from "../support/folder.ts";
import { checked, rulesOf, schema } from "./checked.ts";

const index = "CREATE INDEX CONCURRENTLY users_age ON users (age);\n";
const two = `SET lock_timeout = '2s';\n${index}`;
const all = ["--static", "--all", "--no-pipeline"];
const fails = "fails-in-transaction";

describe("how a file is sent", () => {
  it("is as its folder's tool does it", async () => {
    using folder = temporaryFolder({
      "prisma/migrations/20240101000000_a/migration.sql": schema,
      "prisma/migrations/20240102000000_one/migration.sql": index,
      "prisma/migrations/20240103000000_two/migration.sql": two.replace("users_age", "users_two"),
    });
    const { report } = await checked(folder, ...all);
    expect(report.selection).toMatchObject({
      folder: "prisma/migrations",
      transaction: "query",
      places: [{ tool: "prisma", transactionBy: "tool" }],
    });
    const refused = report.findings.filter(({ rule }) => rule === fails);
    expect(refused.map(({ file }) => file)).toEqual([
      "prisma/migrations/20240103000000_two/migration.sql",
    ]);
  });

  it("is as the file itself asks, one file apart from the next", async () => {
    using folder = temporaryFolder({
      "migrations/1_a.sql": `-- +goose Up\n${schema}\n-- +goose Down\nDROP TABLE users;\n`,
      "migrations/2_b.sql": `-- +goose NO TRANSACTION\n-- +goose Up\n${two}`,
      "migrations/3_c.sql": `-- +goose Up\n${two.replace("users_age", "users_c")}`,
    });
    const { report } = await checked(folder, ...all);
    expect(report.files.map(({ transaction }) => transaction)).toEqual([
      "file",
      "statement",
      "file",
    ]);
    expect(report.findings.filter(({ rule }) => rule === fails)).toMatchObject([
      { file: "migrations/3_c.sql", line: 3 },
    ]);
    const text = await runCli(["check", ...all], { cwd: folder.path });
    const shown = text.stdout.replaceAll(/\s+/g, " ");
    expect(shown).toContain("each file sent in one transaction (goose), 1 file as it asks");
  });

  it("is one transaction a file where nobody says anything, and that is said", async () => {
    using folder = temporaryFolder({ "a.sql": index, "schema.sql": schema });
    const args = ["check", "--static", "--base", "schema.sql", "a.sql"];
    const { stdout } = await runCli(args, { cwd: folder.path });
    expect(stdout.replaceAll(/\s+/g, " ")).toContain(
      "each file sent in one transaction (assumed; --transaction says otherwise)",
    );
    const asked = await checked(folder, ...args.slice(1), "--transaction", "statement");
    expect(rulesOf(asked.report)).not.toContain(`${fails}:1`);
  });

  it("is cut by Supabase where a statement cannot run in a transaction; no runner limits its waits", async () => {
    using folder = temporaryFolder({
      "supabase/migrations/20240101000000_a.sql": schema,
      "supabase/migrations/20240102000000_b.sql": `ALTER TABLE users ADD note text;\n${index}`,
      "supabase/migrations/20240103000000_c.sql":
        "BEGIN;\nALTER TABLE users ADD more text;\nROLLBACK;\n",
    });
    const { report } = await checked(folder, ...all);
    expect(report.selection["places"]).toMatchObject([{ tool: "supabase", transaction: "units" }]);
    const rules = report.findings.map(({ rule }) => rule);
    expect(rules).not.toContain(fails);
    expect(rules).not.toContain("migration-unsupported");
    expect(rules).toContain("lock-without-timeout");
  });

  it("is Lockstep's where its config is, and then only its own mark counts", async () => {
    using folder = temporaryFolder({
      "lockstep.config.json": '{ "migrations": { "folder": "migrations" } }',
      "migrations/1_a.sql": schema,
      "migrations/2_b.sql": "-- no-transaction\nUPDATE users SET age = 1 WHERE id = 1;\n",
    });
    const { report } = await checked(folder, ...all);
    expect(report.selection["places"]).toMatchObject([
      { transaction: "units", transactionBy: "runner" },
    ]);
    expect(report.files.map(({ transaction }) => transaction)).toEqual(["units", "units"]);
  });
});

describe("all files in one transaction", () => {
  const enums = {
    "migrations/1_a.sql":
      "CREATE TYPE state AS ENUM ('new');\nCREATE TABLE orders (state state);\n",
    "migrations/2_b.sql": "ALTER TYPE state ADD VALUE 'paid';\n",
    "migrations/3_c.sql": "UPDATE orders SET state = 'paid' WHERE state = 'new';\n",
  };
  const files = ["migrations/2_b.sql", "migrations/3_c.sql", "--transaction", "deploy"];

  it("is observed as such: a file may fail because of an earlier one", async () => {
    using folder = temporaryFolder(enums);
    const { report } = await checked(folder, ...files);
    expect(report.server.observed).toBe(true);
    expect(report.findings.filter(({ rule }) => rule === fails)).toMatchObject([
      { file: "migrations/3_c.sql", line: 1 },
    ]);
    const apart = await checked(folder, ...files.slice(0, 2));
    expect(apart.report.findings.filter(({ rule }) => rule === fails)).toEqual([]);
  });

  it("is predicted as such", async () => {
    using folder = temporaryFolder(enums);
    const { report } = await checked(folder, "--static", ...files);
    expect(report.findings.filter(({ rule }) => rule === fails)).toMatchObject([
      { file: "migrations/3_c.sql", line: 1 },
    ]);
  });
});
