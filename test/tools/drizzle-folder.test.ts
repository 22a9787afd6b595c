import { describe, expect, it } from "vitest";
import { parseSql } from "../../src/sql/index.ts";
import { readMigrations } from "../../src/tools/index.ts";
import { failureOf } from "../support/failure.ts";
import { temporaryFolder } from "../support/folder.ts";

const journal = (...entries: readonly (readonly [tag: string, when: unknown])[]) =>
  JSON.stringify(
    {
      version: "7",
      dialect: "postgresql",
      entries: entries.map(([tag, when], idx) => ({
        idx,
        version: "7",
        when,
        tag,
        breakpoints: true,
      })),
    },
    undefined,
    2,
  );

const folderOf = (journalText: string, ...tags: readonly string[]) =>
  temporaryFolder({
    "drizzle/meta/_journal.json": journalText,
    ...Object.fromEntries(tags.map((tag) => [`drizzle/${tag}.sql`, `SELECT '${tag}';`])),
  });

const read = async (cwd: string) => readMigrations({ folder: "drizzle", cwd });

describe("a folder with a journal", () => {
  it("is recognised, and read in the journal's order", async () => {
    using folder = folderOf(journal(["0001_b", 1_000], ["0000_a", 2_000]), "0000_a", "0001_b");
    const { tool, source, migrations, ledger } = await read(folder.path);
    expect({ tool, source }).toEqual({ tool: "drizzle", source: "drizzle:drizzle" });
    expect(migrations.map(({ id, native }) => ({ id, ...native }))).toEqual([
      { id: "0001_b", idx: 0, when: 1_000 },
      { id: "0000_a", idx: 1, when: 2_000 },
    ]);
    expect(ledger).toMatchObject({ schema: "drizzle", table: "__drizzle_migrations" });
  });

  it("may be read as plain SQL when that is asked for", async () => {
    using folder = folderOf(journal(["0001_b", 1]), "0001_b");
    const plain = await readMigrations({ folder: "drizzle", cwd: folder.path, tool: "sql" });
    expect(plain).toMatchObject({ tool: "sql", ledger: undefined });
  });

  it("is refused when `when` does not rise: Drizzle would skip the file and say nothing", async () => {
    using folder = folderOf(
      journal(["0000_a", 1_000], ["0001_b", 3_000], ["0002_c", 2_000]),
      "0000_a",
      "0001_b",
      "0002_c",
    );
    expect(await failureOf(() => read(folder.path))).toEqual({
      code: "journal-order",
      exitCode: 2,
      what: "the journal puts 0002_c after 0001_b, but its `when` is not later",
      expected: "a `when` above 3000 (0001_b)",
      found: '"when": 2000 (0002_c)',
      from: "drizzle/meta/_journal.json:23",
      why: "drizzle-kit migrate skips every entry that is not later than the newest one applied, prints success and exits 0: a database that has 0001_b would never get 0002_c. Two branches that were merged leave such a journal",
      next: [
        'if no database has applied 0002_c: set its "when" to 3001',
        "if one has, its ledger row must get the same number as created_at, or Drizzle would run the file again there",
      ],
    });
  });

  it("is refused when two entries have the same `when`", async () => {
    using folder = folderOf(journal(["0000_a", 1], ["0001_b", 1]), "0000_a", "0001_b");
    expect((await failureOf(() => read(folder.path))).code).toBe("journal-order");
  });

  it("is refused when a listed file is missing", async () => {
    using folder = folderOf(journal(["0000_a", 1_000], ["0001_b", 2_000]), "0000_a");
    expect(await failureOf(() => read(folder.path))).toEqual({
      code: "migration-missing",
      exitCode: 2,
      what: "drizzle/0001_b.sql is in the journal but not in the folder",
      expected: 'the file of the journal\'s entry "0001_b"',
      found: "no such file",
      from: "drizzle/meta/_journal.json:16",
      why: "the file was deleted, renamed or not committed, or not copied into the image",
      next: [
        "git log --diff-filter=D -- drizzle/0001_b.sql, and bring it back",
        "a migration that no environment has applied: npx drizzle-kit drop takes file and entry out together",
      ],
    });
  });

  it("is refused when a file is not listed: Drizzle would pass over it", async () => {
    using folder = folderOf(journal(["0000_a", 1]), "0000_a", "0001_hand_written");
    expect(await failureOf(() => read(folder.path))).toEqual({
      code: "journal-invalid",
      exitCode: 2,
      what: "drizzle/0001_hand_written.sql is not in Drizzle's journal",
      expected: "an entry in meta/_journal.json for each file of SQL",
      found: "no entry for 0001_hand_written.sql",
      from: "drizzle/meta/_journal.json",
      why: "Drizzle runs only what the journal lists and passes over the rest without a word; a merge that kept one side of the journal leaves such a file, and so does one written by hand",
      next: [
        "bring the journal's lost entry back from the other branch: git log -p -- drizzle/meta/_journal.json",
        "for SQL written by hand: npx drizzle-kit generate --custom, and move it into that file",
        "a file that is not to be run: move it out of the folder",
      ],
    });
  });

  it("is refused when an entry stands there twice", async () => {
    using folder = folderOf(journal(["0000_a", 1], ["0000_a", 2]), "0000_a");
    expect(await failureOf(() => read(folder.path))).toEqual({
      code: "migration-duplicate-id",
      exitCode: 2,
      what: "the journal lists 0000_a twice",
      expected: "one entry for each file",
      found: '"tag": "0000_a" in lines 9 and 16',
      from: "drizzle/meta/_journal.json:16",
      why: "two branches that were merged leave such a journal",
      next: ['remove one of the two entries; keep the one whose "when" the databases have'],
    });
  });

  it("has no migration yet", async () => {
    using folder = folderOf(journal());
    expect(await failureOf(() => read(folder.path))).toMatchObject({
      code: "folder-empty",
      expected: "at least one entry in meta/_journal.json",
    });
  });

  it("has lost its journal", async () => {
    using folder = temporaryFolder({
      "drizzle/0000_a.sql": "SELECT 1;",
      "drizzle/meta/0000_snapshot.json": "{}",
    });
    expect(await failureOf(() => read(folder.path))).toEqual({
      code: "journal-invalid",
      exitCode: 2,
      what: "drizzle is a Drizzle folder without its journal",
      expected: "drizzle/meta/_journal.json, which says what is run and in which order",
      found: "snapshots in meta, but no _journal.json",
      from: "drizzle/meta",
      why: "the file was deleted or never committed",
      next: [
        "git log --diff-filter=D -- drizzle/meta/_journal.json, and bring it back",
        'or say that these are plain SQL files: `migrations.tool: "sql"` in lockstep.config',
      ],
    });
  });

  it("is asked for, but is none", async () => {
    using folder = temporaryFolder({ "drizzle/0000_a.sql": "SELECT 1;" });
    const failure = await failureOf(() =>
      readMigrations({ folder: "drizzle", cwd: folder.path, tool: "drizzle" }),
    );
    expect(failure).toMatchObject({
      code: "folder-empty",
      expected: "Drizzle's meta/_journal.json, or a folder with migration.sql for each migration",
    });
  });
});

describe("a journal that is broken", () => {
  it("by a merge that was committed undecided", async () => {
    const text = journal(["0000_a", 1]);
    using folder = folderOf(text.replace('  "entries"', '<<<<<<< HEAD\n  "entries"'), "0000_a");
    expect(await failureOf(() => read(folder.path))).toEqual({
      code: "journal-invalid",
      exitCode: 2,
      what: "drizzle/meta/_journal.json:4: Drizzle's journal is not JSON",
      expected: "the file as Drizzle Kit wrote it",
      found: "the marks of a merge conflict",
      from: "drizzle/meta/_journal.json:4",
      why: "both branches added a migration, and the merge was committed undecided",
      next: ['keep the entries of both sides; idx and "when" must rise from entry to entry'],
    });
  });

  it("by being cut off", async () => {
    using folder = folderOf(journal(["0000_a", 1]).slice(0, 60), "0000_a");
    expect(await failureOf(() => read(folder.path))).toMatchObject({
      code: "journal-invalid",
      from: "drizzle/meta/_journal.json:4",
      why: "it was edited by hand or cut off",
    });
  });

  it.each([
    ["[]", "an object with a list `entries`", "[]"],
    ['{"dialect":"mysql","entries":[]}', "dialect postgresql", 'dialect "mysql"'],
    ['{"entries":[3]}', "entry 0 of `entries`: an object", "3"],
    [
      '{"entries":[{"when":1}]}',
      "entry 0 of `entries`: a text `tag`, the file's name without .sql",
      "nothing",
    ],
    [
      '{"entries":[{"tag":"../x","when":1}]}',
      "entry 0 of `entries`: the name of a file in the same folder",
      '"../x"',
    ],
    [
      '{"entries":[{"tag":"0000_a","when":"1"}]}',
      "entry 0 of `entries` (0000_a): milliseconds since 1970 as `when`",
      '"1"',
    ],
    [
      '{"entries":[{"tag":"0000_a","when":1e300}]}',
      "entry 0 of `entries` (0000_a): milliseconds since 1970 as `when`",
      "1e+300",
    ],
  ])("by what it says: %s", async (text, expected, found) => {
    using folder = folderOf(text, "0000_a");
    const failure = await failureOf(() => read(folder.path));
    expect(failure).toMatchObject({ code: "journal-invalid", exitCode: 2, expected, found });
    expect(failure.what).toMatch(
      /^drizzle\/meta\/_journal\.json(:1)?: Drizzle's journal is not as/,
    );
    expect(failure.why).toMatch(/./);
    expect(failure.next).toHaveLength(1);
  });
});

describe("breakpoints", () => {
  const statements = async (sql: string) => {
    using folder = folderOf(journal(["0000_a", 1]));
    folder.write("drizzle/0000_a.sql", sql);
    const [migration] = (await read(folder.path)).migrations;
    const parsed = await parseSql(migration!.sql, "0000_a.sql");
    return { sql: migration!.sql, parsed: parsed.map(({ sql, line }) => `${line}: ${sql}`) };
  };

  it("as Drizzle Kit writes them are comments, and the text stays as it is", async () => {
    const text =
      "CREATE TABLE a ();\n--> statement-breakpoint\nCREATE TABLE b ();--> statement-breakpoint\r\n\nSELECT 1;";
    expect(await statements(text)).toEqual({
      sql: text,
      parsed: ["1: CREATE TABLE a ()", "3: CREATE TABLE b ()", "5: SELECT 1"],
    });
  });

  it("also part statements that have no semicolon, or stand on one line", async () => {
    const text =
      "CREATE TABLE a ()\n--> statement-breakpoint\nSELECT 1 --> statement-breakpoint SELECT 2;--> statement-breakpoint\n-- end\n--> statement-breakpoint";
    const { sql, parsed } = await statements(text);
    expect(parsed).toEqual(["1: CREATE TABLE a ()", "3: SELECT 1", "3: SELECT 2"]);
    expect(sql).toHaveLength(text.length);
  });

  it("inside a comment with a statement behind them are refused: Drizzle would run it", async () => {
    const text = "SELECT 1; -- one --> statement-breakpoint SELECT 2;\n";
    expect(await failureOf(() => statements(text))).toEqual({
      code: "migration-unsupported",
      exitCode: 2,
      what: "drizzle/0000_a.sql cannot be read as Drizzle reads it",
      expected: "2 statements, cut at `--> statement-breakpoint`",
      found: "1 when read as SQL",
      from: "drizzle/0000_a.sql",
      why: "a breakpoint stands inside a comment or a text, so Drizzle runs something that reads as a comment",
      next: ["put each `--> statement-breakpoint` on a line of its own"],
    });
  });

  it("inside a text break the statement for Drizzle, and are named so", async () => {
    const failure = await failureOf(() => statements("SELECT 'a --> statement-breakpoint b';"));
    expect(failure).toMatchObject({ code: "sql-syntax", from: "drizzle/0000_a.sql:1:8" });
  });
});

describe("Drizzle Kit 1.0's folders", () => {
  const files = {
    "drizzle/20260102030405_shop/migration.sql": "SELECT 1;",
    "drizzle/20260102030405_shop/snapshot.json": "{}",
    "drizzle/20251231235959_first/migration.sql": "SELECT 0;",
    "drizzle/20251231235959_first/snapshot.json": "{}",
    "drizzle/notes/read.md": "",
  };

  it("are recognised and read in the order of their names", async () => {
    using folder = temporaryFolder(files);
    const { tool, migrations } = await read(folder.path);
    expect(tool).toBe("drizzle");
    expect(migrations.map(({ id, file, native }) => ({ id, file, ...native }))).toEqual([
      {
        id: "20251231235959_first",
        file: "drizzle/20251231235959_first/migration.sql",
        when: Date.UTC(2025, 11, 31, 23, 59, 59),
      },
      {
        id: "20260102030405_shop",
        file: "drizzle/20260102030405_shop/migration.sql",
        when: Date.UTC(2026, 0, 2, 3, 4, 5),
      },
    ]);
  });

  it("without a snapshot are not taken for Drizzle's unless that is said", async () => {
    using folder = temporaryFolder({ "drizzle/20260102030405_a/migration.sql": "SELECT 1;" });
    expect(await failureOf(() => read(folder.path))).toMatchObject({
      code: "migration-unsupported",
      what: "it is not certain which tool made drizzle",
      found: "20260102030405_a/migration.sql, and neither",
      next: [
        'if Prisma made it: bring migration_lock.toml back, or `migrations.tool: "prisma"` in lockstep.config',
        'if Drizzle Kit made it: `migrations.tool: "drizzle"` in lockstep.config',
      ],
    });
    const said = await readMigrations({ folder: "drizzle", cwd: folder.path, tool: "drizzle" });
    expect(said.migrations).toHaveLength(1);
  });

  it("need a time in their names", async () => {
    using folder = temporaryFolder({ ...files, "drizzle/by_hand/migration.sql": "SELECT 2;" });
    expect(await failureOf(() => read(folder.path))).toEqual({
      code: "migration-unsupported",
      exitCode: 2,
      what: "drizzle/by_hand has no time in front of its name",
      expected: "20260102030405_name, as Drizzle Kit names the folder",
      found: "by_hand",
      from: "drizzle/by_hand/migration.sql",
      why: "Drizzle records the time from the name; without it, it cannot record the migration",
      next: [
        "npx drizzle-kit generate --custom makes a folder with the right name; move the SQL there",
      ],
    });
  });

  it("have no SQL beside them: Drizzle would pass over it", async () => {
    using folder = temporaryFolder({ ...files, "drizzle/0003_old.sql": "SELECT 3;" });
    expect(await failureOf(() => read(folder.path))).toEqual({
      code: "journal-invalid",
      exitCode: 2,
      what: "drizzle/0003_old.sql is in no migration's folder",
      expected: "YYYYMMDDHHMMSS_name/migration.sql for each migration",
      found: "0003_old.sql beside the folders",
      from: "drizzle/0003_old.sql",
      why: "Drizzle Kit 1.0 passes over files beside the folders without a word; older ones are converted by `drizzle-kit up`",
      next: [
        "npx drizzle-kit up, when the file is from an older Drizzle Kit",
        "a file that is not to be run: move it out of the folder",
      ],
    });
  });
});
