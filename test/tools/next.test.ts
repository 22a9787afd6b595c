import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parse } from "@babel/parser";
import { describe, expect, it } from "vitest";
import {
  clearLeftovers,
  nextMark,
  nextMigration,
  readMigrations,
  writeNext,
  type MigrationFolder,
} from "../../src/tools/index.ts";
import { frontAfter, numberAfter } from "../../src/tools/next/number.ts";
import { failureOf } from "../support/failure.ts";
import { temporaryFolder } from "../support/folder.ts";

const now = new Date("2026-11-22T19:30:05.123Z");

it.each([
  ["0007", "0008"],
  ["9", "10"],
  ["099", "100"],
  ["20240131235959", "20261122193005"],
  ["20240131235959001", "20261122193005123"],
  ["1700000000000", "1795375805123"],
  ["1700000000", "1795375805"],
  // Later than the clock, and a number that only is as long as a time.
  ["29990131235959", "29990131235960"],
  ["00000000000041", "00000000000042"],
])("the number behind %s is %s", (last, next) => {
  expect(numberAfter(last, now)).toBe(next);
});

it.each([
  ["0003_users.sql", "0004_"],
  ["3-users.js", "4-"],
  ["3.sql", "4_"],
  ["2024_01_31_users.ts", "2026_11_22_"],
  ["2024-01-31-users.ts", "2026-11-22-"],
  ["users.ts", undefined],
])("what stands in front behind %s", (last, front) => {
  expect(frontAfter(last, now)).toBe(front);
});

/** Nasty in a template literal, for Knex's parameters, and in a comment. */
const statement = "CREATE TABLE t (a text DEFAULT '`${x}` \\\\ ?\r')";
const text = {
  head: ["What it is."],
  parts: [
    { comments: ["said */ of it", "a name\nof\rmore\u2028lines"], statements: [statement] },
    { comments: ["only said"], statements: [] },
  ],
};

const manners = {
  js: "exports.up = async () => {};\n",
  mjs: "export const up = async () => {};\n",
  ts: "export async function up(): Promise<void> {}\n",
} as const;

const names: Readonly<Record<string, string>> = {
  typeorm: "1700000000001-Nick",
  "mikro-orm": "Migration20240201000000",
};

function folderOf(tool: string, file: string): MigrationFolder {
  const last = { id: file.replace(/^m\/|\.\w+$/g, ""), file, sql: "", checksum: "", native: {} };
  return {
    tool,
    path: "m",
    source: `${tool}:m`,
    ledger: undefined,
    migrations: [
      { ...last, id: tool === "typeorm" ? "Nick1700000000001" : last.id, transaction: "file" },
    ],
    // Only that there is one counts here.
    program: {} as never,
  };
}

describe.each(["knex", "kysely", "node-pg-migrate", "umzug", "sequelize", "typeorm", "mikro-orm"])(
  "%s",
  (tool) => {
    it.each(Object.entries(manners))(
      "is a program in the manner of the last one: %s",
      (ending, before) => {
        const file = `m/${names[tool] ?? "2_nick"}.${ending}`;
        using folder = temporaryFolder({ [file]: before });
        const next = nextMigration(folderOf(tool, file), text, { root: folder.path, now });
        expect(next.created).toHaveLength(1);
        const [{ file: made, text: program }] = next.created as [(typeof next.created)[number]];
        expect(made).toMatch(
          new RegExp(`^m/.*(?:reconcile|Reconcile|20261122193005)[^/]*\\.${ending}$`),
        );
        const { program: tree } = parse(program, {
          sourceType: ending === "js" ? "script" : "module",
          plugins: ending === "ts" ? ["typescript"] : [],
        });
        const sent: string[] = [];
        const visit = (node: unknown): void => {
          if (typeof node !== "object" || node === null) return;
          const { type, quasis } = node as {
            type?: string;
            quasis?: { value: { cooked: string } }[];
          };
          if (type === "TemplateLiteral")
            sent.push(quasis!.map(({ value }) => value.cooked).join("$"));
          Object.values(node).forEach(visit);
        };
        visit(tree);
        expect(sent).toEqual([tool === "knex" ? statement.replace("?", "\\?") : statement]);
      },
    );
  },
);

it("is not written where a build writes, where the last name tells no order, nor over a file", async () => {
  using folder = temporaryFolder({ "m/2_nick.js": "", "m/3_reconcile.js": "mine" });
  const place = { root: folder.path, now };
  const refused = async (file: string) =>
    (await failureOf(async () => nextMigration(folderOf("knex", file), text, place))).code;
  expect(await refused("dist/m/2_nick.js")).toBe("migration-unsupported");
  expect(await refused("m/nick.js")).toBe("migration-unsupported");
  const next = nextMigration(folderOf("knex", "m/2_nick.js"), text, place);
  expect((await failureOf(async () => writeNext(next, folder.path))).code).toBe("usage");
  expect(readFileSync(join(folder.path, "m/3_reconcile.js"), "utf8")).toBe("mine");
});

it.each([
  ["2024-01-31-120000_nick", "2026-11-22-193005_reconcile"],
  ["2024-01-31-120000-0000_nick", "2026-11-22-193005-0000_reconcile"],
  ["20240131120000_nick", "20261122193005_reconcile"],
  ["2999-01-31-120000_nick", undefined],
  ["9_nick", undefined],
])("Diesel's behind %s is %s", async (last, next) => {
  using folder = temporaryFolder({ [`m/${last}/up.sql`]: "", [`m/${last}/down.sql`]: "" });
  const { program: _, ...read } = folderOf("diesel", `m/${last}/up.sql`);
  const migrations = [{ ...read.migrations[0]!, id: last }];
  const place = { root: folder.path, now };
  const write = () => nextMigration({ ...read, migrations }, text, place);
  if (next === undefined)
    expect((await failureOf(async () => write())).code).toBe("migration-unsupported");
  else
    expect(write().created.map(({ file }) => file)).toEqual([
      `m/${next}/up.sql`,
      `m/${next}/down.sql`,
    ]);
});

it("is as a whole or not at all, and Drizzle's one snapshot for all stays as it is", async () => {
  const entry = { idx: 0, version: "7", when: 1, tag: "_init", breakpoints: true };
  using folder = temporaryFolder({
    "m/meta/_journal.json": JSON.stringify({ version: "7", entries: [entry] }),
    "m/meta/_snapshot.json": JSON.stringify({ id: "x" }),
  });
  const place = { root: folder.path, now };
  const { program: _program, ...own } = folderOf("drizzle", "m/_init.sql");
  const [last] = own.migrations;
  const next = nextMigration(
    { ...own, migrations: [{ ...last!, native: { idx: 0, when: 1 } }] },
    text,
    place,
  );
  expect(next).toMatchObject({ created: [{ file: "m/_reconcile.sql" }], remarks: [] });
  // The list is a folder: what was made before it is taken away.
  const listed = { file: "m/meta", before: "", text: "" };
  const { code } = await failureOf(async () => writeNext({ ...next, listed }, folder.path));
  expect(code).toBe("file-unwritable");
  expect(readdirSync(join(folder.path, "m"))).toEqual(["meta"]);
  const { undo } = writeNext(next, folder.path);
  expect(readdirSync(join(folder.path, "m"))).toEqual(["_reconcile.sql", "meta"]);
  expect(readdirSync(join(folder.path, "m/meta"))).toEqual(["_journal.json", "_snapshot.json"]);
  undo();
  expect(JSON.parse(readFileSync(join(folder.path, "m/meta/_journal.json"), "utf8"))).toEqual({
    version: "7",
    entries: [entry],
  });
});

it("of one that was killed in the middle nothing is in the way of the next", async () => {
  const { pid } = spawnSync(process.execPath, ["--version"]);
  const entry = { idx: 0, version: "7", when: 1, tag: "0000_things", breakpoints: true };
  using folder = temporaryFolder({
    "m/meta/_journal.json": JSON.stringify({ version: "7", entries: [entry] }),
    "m/meta/0000_snapshot.json": "{}",
    "m/0000_things.sql": "",
    // As it is before its list names it.
    "m/0001_reconcile.sql": `-- Where it is so already, nothing is changed. ${nextMark}\n`,
    "m/meta/0001_snapshot.json": "{}",
    [`m/meta/_journal.json.lockstep-${pid}`]: "{",
    [`.lockstep-${pid}/migration.sql`]: "-- half",
    "m/7_reconcile.up.sql": `-- ${nextMark}\n`,
    [`m/7_reconcile.down.sql.lockstep-${pid}`]: "-- back\n",
    // Somebody else's.
    "m/0002_reconcile.sql": "mine",
    "m/meta/0002_snapshot.json": "{}",
    [`m/0003_reconcile.sql.lockstep-${process.ppid}`]: "being written",
  });
  const path = join(folder.path, "m");
  const left = () => readdirSync(folder.path, { recursive: true });
  // Somebody writes there now: what looks unlisted may be theirs.
  expect(clearLeftovers(path).toSorted()).toEqual([
    `../.lockstep-${pid}`,
    `meta/_journal.json.lockstep-${pid}`,
  ]);
  rmSync(join(path, `0003_reconcile.sql.lockstep-${process.ppid}`));
  expect(
    (await failureOf(async () => readMigrations({ folder: "m", cwd: folder.path }))).next![0],
  ).toContain("m/0001_reconcile.sql was begun by lockstep baseline --write-migration");
  expect(clearLeftovers(path).toSorted()).toEqual([
    "0001_reconcile.sql",
    "meta/0001_snapshot.json",
  ]);
  expect(clearLeftovers(path)).toEqual([]);
  expect(left()).toContain("m/7_reconcile.down.sql");
  expect(left()).toContain("m/0002_reconcile.sql");
  expect(left()).toContain("m/meta/0002_snapshot.json");
});

it("comes with its folder as a whole, and not over one that somebody makes meanwhile", async () => {
  using folder = temporaryFolder({ "m/20240101000000_one/migration.sql": "" });
  const file = "m/20240102000000_reconcile/migration.sql";
  const next = { created: [{ file, text: "SELECT 1;" }], remarks: [] };
  const { undo } = writeNext(next, folder.path);
  expect(readdirSync(folder.path)).toEqual(["m"]);
  expect(readFileSync(join(folder.path, file), "utf8")).toBe("SELECT 1;");
  expect((await failureOf(async () => writeNext(next, folder.path))).code).toBe("usage");
  undo();
  expect(readdirSync(join(folder.path, "m"))).toEqual(["20240101000000_one"]);
});
