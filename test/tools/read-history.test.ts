import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readHistory } from "../../src/tools/index.ts";
import { failureOf } from "../support/failure.ts";
import { temporaryFolder } from "../support/folder.ts";

const select = "SELECT 1;\n";

async function read(files: Readonly<Record<string, string>>, folder = "m") {
  using root = temporaryFolder(files);
  const { tool, migrations, leftOut } = await readHistory({ folder, cwd: root.path });
  return { tool, migrations, leftOut, files: migrations.map(({ file }) => file) };
}

describe("the layout of a folder", () => {
  it("is Prisma's: a folder for each migration, by name", async () => {
    const { tool, files, migrations } = await read({
      "m/20240202000000_b/migration.sql": select,
      "m/20240101000000_a/migration.sql": select,
      "m/migration_lock.toml": 'provider = "postgresql"\n',
    });
    expect(tool).toBe("prisma");
    expect(files).toEqual(["m/20240101000000_a/migration.sql", "m/20240202000000_b/migration.sql"]);
    expect(migrations[0]!.id).toBe("20240101000000_a");
  });

  it("is Prisma's for another database: then it is refused", async () => {
    using root = temporaryFolder({
      "m/20240101000000_a/migration.sql": select,
      "m/migration_lock.toml": 'provider = "sqlite"\n',
    });
    const failure = await failureOf(async () => readHistory({ folder: "m", cwd: root.path }));
    expect(failure).toMatchObject({ found: "sqlite" });
  });

  it("is Diesel's: up.sql, and metadata.toml beside it", async () => {
    const { tool, migrations } = await read({
      "m/2024-01-01-000000_a/up.sql": select,
      "m/2024-01-01-000000_a/down.sql": "DROP TABLE a;",
      "m/2024-01-02-000000_b/up.sql": select,
      "m/2024-01-02-000000_b/metadata.toml": "run_in_transaction = false\n",
      "m/2024-01-03-000000_c/up.sql": select,
      "m/2024-01-03-000000_c/metadata.toml": "# as usual\nrun_in_transaction = true\n",
      "m/2024-01-04-000000_d/up.sql": select,
      "m/2024-01-04-000000_d/metadata.toml": "",
    });
    expect(tool).toBe("diesel");
    expect(migrations.map(({ sends }) => sends)).toEqual([undefined, "query", undefined, "query"]);
  });

  it("is Diesel's: versions are compared without their dashes", async () => {
    const { migrations } = await read({
      "m/00000000000000_diesel_initial_setup/up.sql": select,
      "m/2017-08-31-230457_invitations/up.sql": select,
      "m/20170102131034_dumped/up.sql": select,
    });
    expect(migrations.map(({ id }) => id)).toEqual([
      "00000000000000_diesel_initial_setup",
      "20170102131034_dumped",
      "2017-08-31-230457_invitations",
    ]);
  });

  it("is Hasura's: the same files, named by the milliseconds", async () => {
    const hasuras = { "m/1700000000000_a/up.sql": select };
    expect((await read(hasuras)).tool).toBe("hasura");
    expect((await read({ ...hasuras, "diesel.toml": "" })).tool).toBe("diesel");
  });

  it("has programs between the files of SQL, which are told, and files that are parts of programs", async () => {
    const files = {
      "package.json": '{ "dependencies": { "@prairielearn/migrations": "*" } }',
      "m/20240101000000_a.sql": select,
      "m/20240102000000_b.ts": "",
      "m/20240103000000_c.sql": select,
      "m/20240103000000_c.mts": "",
    };
    using root = temporaryFolder(files);
    const { tool, migrations, problems } = await readHistory({ folder: "m", cwd: root.path });
    expect([tool, ...migrations.map(({ id }) => id)]).toEqual(["prairielearn", "20240101000000_a"]);
    expect(problems.map(({ explanation }) => explanation.what)).toEqual([
      "2 migrations of m are programs, the first 20240102000000_b.ts",
    ]);
    rmSync(join(root.path, "m/20240101000000_a.sql"));
    const failure = await failureOf(async () => readHistory({ folder: "m", cwd: root.path }));
    expect(failure.code).toBe("folder-empty");
  });

  it("is Flyway's: by version, then what is repeatable, and .conf beside it", async () => {
    const { tool, files, migrations, leftOut } = await read({
      "m/V10__b.sql": select,
      "m/V2.1__a.sql": select,
      "m/V2__first.sql": select,
      "m/R__view.sql": select,
      "m/U2__first.sql": select,
      "m/notes.sql": select,
      "m/V10__b.sql.conf": "executeInTransaction=false\n",
    });
    expect(tool).toBe("flyway");
    expect(files).toEqual(["m/V2__first.sql", "m/V2.1__a.sql", "m/V10__b.sql", "m/R__view.sql"]);
    expect(migrations.map(({ sends }) => sends)).toEqual([
      undefined,
      undefined,
      "statement",
      undefined,
    ]);
    expect(leftOut).toEqual(["m/notes.sql"]);
  });

  it("is a list of numbered files, also where two have the same number", async () => {
    const { tool, files, leftOut } = await read({
      "m/10_c.sql": select,
      "m/2_b.sql": select,
      "m/2_a.up.sql": select,
      "m/2_a.down.sql": select,
      "m/2_a_down.sql": select,
      "m/seed.sql": select,
    });
    expect(tool).toBe("sql");
    expect(files).toEqual(["m/2_a.up.sql", "m/2_b.sql", "m/10_c.sql"]);
    expect(leftOut).toEqual(["m/seed.sql"]);
  });

  it("of a flat folder hangs on a manifest that names the tool, the nearest first", async () => {
    const files = { "svc/db/migrations/1_a.sql": select };
    const toolWith = async (more: Readonly<Record<string, string>>) =>
      (await read({ ...files, ...more }, "svc/db/migrations")).tool;
    expect(await toolWith({})).toBe("sql");
    expect(await toolWith({ "svc/Cargo.toml": '[dependencies]\nsqlx = "0.8"\n' })).toBe("sqlx");
    expect(
      await toolWith({
        "svc/go.mod": "require github.com/golang-migrate/migrate/v4 v4.17.0\n",
        "Cargo.toml": 'sqlx = "0.8"\n',
      }),
    ).toBe("golang-migrate");
    expect(await toolWith({ "svc/db/migrations/atlas.sum": "h1:…\n" })).toBe("atlas");
    expect(
      (await read({ "supabase/migrations/20240101000000_a.sql": select }, "supabase/migrations"))
        .tool,
    ).toBe("supabase");
  });
});

describe("a file that a tool cuts in two", () => {
  const cases = {
    goose: ["-- +goose Up", "-- +goose Down"],
    dbmate: ["-- migrate:up", "-- migrate:down"],
    "sql-migrate": ["-- +migrate Up", "-- +migrate Down"],
    "node-pg-migrate": ["-- Up Migration", "-- Down Migration"],
    tern: ["-- forth", "---- create above / drop below ----"],
  } as const;

  it.each(Object.entries(cases))(
    "of %s is its way forth, at the same places",
    async (tool, marks) => {
      const [up, down] = marks;
      const forth = `${up}\nCREATE TABLE a (é int);\n`;
      const back = `${down}\nDROP TABLE a; -- ü\n`;
      const { migrations, tool: found } = await read({ "m/1_a.sql": forth + back });
      expect(found).toBe(tool);
      expect(migrations[0]!.sql).toBe(forth + back.replaceAll(/[^\n]/g, " "));
    },
  );
});

describe("a file that asks to be sent in another way", () => {
  it.each([
    ["-- no-transaction\nSELECT 1;", "query"],
    ["-- +goose NO TRANSACTION\n-- +goose Up\nSELECT 1;", "statement"],
    ["-- +migrate Up notransaction\nSELECT 1;", "statement"],
    ["-- migrate:up transaction:false\nSELECT 1;", "query"],
    ["-- atlas:txmode none\n\nSELECT 1;", "statement"],
    ["---- tern: disable-tx ----\nSELECT 1;", "query"],
    ["-- postgres-migrations disable-transaction\nSELECT 1;", "query"],
    ["--! no-transaction\nSELECT 1;", "query"],
    ["-- prairielearn:migrations NO TRANSACTION\nSELECT 1;", "query"],
    ["-- lockstep: no-transaction\nSELECT 1;", "units"],
    ["SELECT 1; -- no-transaction", undefined],
    ["-- migrate:up\nSELECT 1;", undefined],
    ["SELECT '\n-- +goose Up';", undefined],
  ])("%j", async (sql, sends) => {
    const { migrations } = await read({ "m/1_a.sql": sql });
    expect(migrations[0]!.sends).toBe(sends);
  });
});

it("reads a dump of pg_dump's, whose lines for psql alone stay blank", async () => {
  const { migrations } = await read({
    "m/1_a.sql": "\\restrict aB3\n\nSELECT 1;\n\\unrestrict aB3\n",
  });
  expect(migrations[0]!.sql).toBe(`${" ".repeat(13)}\n\nSELECT 1;\n${" ".repeat(15)}\n`);
});
