import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readMigrations, type Tool } from "../../src/tools/index.ts";
import { failureOf } from "../support/failure.ts";
import { temporaryFolder, type TemporaryFolder } from "../support/folder.ts";

const read = async (folder: TemporaryFolder, tool: Tool) =>
  readMigrations({ folder: "m", cwd: folder.path, tool });

/** What the tool would do otherwise than a runner that takes the file as it stands, or refuses itself. */
const refused: readonly (readonly [Tool, string, string, string])[] = [
  ["golang-migrate", "1_a.sql", "", "1_a.sql"],
  ["golang-migrate", "99999999999999999999_a.up.sql", "", "99999999999999999999_a.up.sql"],
  ["dbmate", "a.sql", "", "a.sql"],
  ["dbmate", "1_a.sql", "SELECT 1;", "no `-- migrate:up`"],
  [
    "dbmate",
    "1_a.sql",
    "-- migrate:up\n-- migrate:down\n-- migrate:up\n",
    "several `-- migrate:up`",
  ],
  ["dbmate", "1_a.sql", "SELECT 1;\n-- migrate:up\n", "statements before `-- migrate:up`"],
  [
    "dbmate",
    "1_a.sql",
    "-- migrate:down\n-- migrate:up\n",
    "`-- migrate:down` before `-- migrate:up`",
  ],
  ["goose", "00000_a.sql", "-- +goose Up\n", "00000_a.sql"],
  ["goose", "1_a.sql", "SELECT 1;", "no `-- +goose Up` at its beginning"],
  ["goose", "1_a.sql", "-- +goose Up\n-- +goose ENVSUB ON\n", "-- +goose ENVSUB ON"],
  ["goose", "1_a.sql", "-- +goose Up\n-- +goose Sideways\n", "-- +goose Sideways"],
  ["sqlx", "a_b.sql", "", "a_b.sql"],
  ["diesel", "1_a/up.sql", "", "an empty file"],
  ["diesel", `${"1".repeat(51)}_a/up.sql`, "SELECT 1;", "1".repeat(51)],
  ["diesel", "1_a/metadata.toml", "run_in_transaction: false\n", "run_in_transaction: false"],
  ["flyway", "R__views.sql", "", "R__views.sql"],
  ["flyway", "B1__all.sql", "", "B1__all.sql"],
  ["flyway", "beforeMigrate.sql", "", "beforeMigrate.sql"],
  ["flyway", "notes.sql", "", "notes.sql"],
  ["flyway", "V2__a.sql", "SELECT '${who}';", "${who}"],
  ["node-pg-migrate", "package.json", "", "package.json"],
  ["node-pg-migrate", "1_a.down.sql", "", "1_a.down.sql"],
  ["node-pg-migrate", "1_a.sql", "-- Down Migration\n", "`-- Down Migration` alone"],
  ["supabase", "a.sql", "", "a.sql"],
  ["graphile-migrate", "committed/000001.sql", "SELECT 1;\n", "SELECT 1;"],
];

it.each(refused)("%s: %s with %j is refused", async (tool, name, text, found) => {
  const folders: Partial<Record<Tool, string>> = { flyway: "V1__first.sql" };
  const first = name === "1_a/metadata.toml" ? "1_a/up.sql" : folders[tool];
  using folder = temporaryFolder({
    [`m/${name}`]: text,
    ...(first === undefined ? {} : { [`m/${first}`]: "SELECT 1;" }),
  });
  const failure = await failureOf(async () => read(folder, tool));
  expect({ code: failure.code, found: failure.found }).toEqual({
    code: "migration-unsupported",
    found,
  });
});

describe("a folder whose numbers are not one order", () => {
  it.each([
    ["golang-migrate", "1_a.up.sql", "01_b.up.sql", ""],
    ["dbmate", "1_a.sql", "1_b.sql", "-- migrate:up\n"],
    ["goose", "1_a.sql", "001_b.sql", "-- +goose Up\n"],
    ["sqlx", "1_a.sql", "1_b.up.sql", ""],
    ["diesel", "1-2_a/up.sql", "12_b/up.sql", "SELECT 1;"],
    ["flyway", "V1.0__a.sql", "V1__b.sql", ""],
    ["supabase", "1_a.sql", "1_b.sql", ""],
  ] as const)("%s: %s and %s", async (tool, one, other, text) => {
    using folder = temporaryFolder({ [`m/${one}`]: text, [`m/${other}`]: text });
    const failure = await failureOf(async () => read(folder, tool));
    expect(failure.code).toBe("migration-duplicate-id");
    const [first, second] = [one, other].map((name) => name.replace("/up.sql", ""));
    expect([`${first} and ${second}`, `${second} and ${first}`]).toContain(failure.found);
  });
});

it("Diesel's folder stops at one without up.sql, and not at an empty one or at files beside it", async () => {
  using folder = temporaryFolder({ "m/1_a/up.sql": "SELECT 1;", "m/notes.sql": "SELECT 1 / 0;" });
  mkdirSync(join(folder.path, "m/2_empty"));
  expect((await read(folder, "diesel")).migrations.map(({ id }) => id)).toEqual(["1_a"]);
  folder.write("m/2_empty/down.sql", "SELECT 1;");
  expect((await failureOf(async () => read(folder, "diesel"))).code).toBe("migration-missing");
});

describe("a folder of a tool whose ledger is not kept", () => {
  const sight = async (files: Readonly<Record<string, string>>) => {
    using folder = temporaryFolder(files);
    return await failureOf(async () => readMigrations({ folder: "m", cwd: folder.path }));
  };

  it.each([
    ["atlas", { "m/atlas.sum": "h1:…\n" }],
    ["tern", { "go.mod": "require github.com/jackc/tern/v2 v2.3.0\n" }],
    [
      "postgres-migrations",
      { "package.json": '{ "dependencies": { "postgres-migrations": "5" } }' },
    ],
    ["prairielearn", { "package.json": '{ "dependencies": { "@prairielearn/migrations": "*" } }' }],
  ])("%s is not taken for plain SQL", async (tool, files) => {
    const failure = await sight({ "m/1_a.sql": "SELECT 1;", ...files });
    expect(failure).toMatchObject({
      code: "migration-unsupported",
      what: `m is applied by ${tool}, whose ledger Lockstep does not keep`,
    });
    expect(failure.next?.[1]).toContain('`migrations.tool: "sql"`');
  });

  it.each(["1700000000000_a/up.sql", "1_a/up.sql"])("%s may be Hasura's", async (file) => {
    expect(await sight({ [`m/${file}`]: "SELECT 1;" })).toMatchObject({
      code: "migration-unsupported",
      what: "it is not certain which tool made m",
    });
  });
});

describe("settings and parts of files", () => {
  const read1 = async (tool: Tool, files: Readonly<Record<string, string>>) => {
    const named = Object.entries(files).map(([name, text]) => [`m/${name}`, text]);
    using folder = temporaryFolder(Object.fromEntries(named) as Record<string, string>);
    return (await read(folder, tool)).migrations;
  };

  it("Flyway's are those beside the script, and folders below are read", async () => {
    const migrations = await read1("flyway", {
      "V2__b.sql": "SELECT '${as it stands}';",
      "V2__b.sql.conf":
        "# how it is run\nflyway.executeInTransaction = FALSE\nplaceholderReplacement=false\n",
      "old/V1_1__a.sql": "SELECT 1;",
      "old/U1_1__a.sql": "SELECT 2;",
    });
    expect(migrations.map(({ id, sends, native }) => [id, sends, native["script"]])).toEqual([
      ["V1_1__a", undefined, "old/V1_1__a.sql"],
      ["V2__b", "statement", "V2__b.sql"],
    ]);
    const failure = await failureOf(async () =>
      read1("flyway", { "V1__a.sql": "", "V1__a.sql.conf": "encoding=LATIN1\n" }),
    );
    expect(failure).toMatchObject({ code: "migration-unsupported", found: "encoding" });
  });

  it.each([
    ["dbmate", "\n-- migrate:up\nA;\n-- migrate:down\nB;", "\n-- migrate:up\nA;\n"],
    ["goose", "-- +goose Up\nA;\n-- +goose Down\nB;", "-- +goose Up\nA;\n"],
    ["node-pg-migrate", "-- Down Migration\nB;\n-- Up Migration\nA;", "\n-- Up Migration\nA;"],
    ["node-pg-migrate", "A;", "A;"],
  ] as const)("%s: of a file, only the way forth, in its place", async (tool, text, part) => {
    const [migration] = await read1(tool, { "1_a.sql": text });
    expect(migration!.sql).toHaveLength(text.length);
    expect(migration!.sql.trim()).toBe(part.trim());
    expect(migration!.sql.indexOf("A;")).toBe(text.indexOf("A;"));
  });
});
