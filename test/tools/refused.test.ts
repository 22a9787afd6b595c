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
  const first = folders[tool];
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
    ["flyway", "V1.0__a.sql", "V1__b.sql", ""],
    ["supabase", "1_a.sql", "1_b.sql", ""],
  ] as const)("%s: %s and %s", async (tool, one, other, text) => {
    using folder = temporaryFolder({ [`m/${one}`]: text, [`m/${other}`]: text });
    const failure = await failureOf(async () => read(folder, tool));
    expect(failure.code).toBe("migration-duplicate-id");
    expect([`${one} and ${other}`, `${other} and ${one}`]).toContain(failure.found);
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
