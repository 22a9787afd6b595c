import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readMigrations } from "../../src/tools/index.ts";
import { failureOf } from "../support/failure.ts";
import { temporaryFolder } from "../support/folder.ts";

const read = async (cwd: string) => (await readMigrations({ folder: "m", cwd })).migrations;

describe("text that is not UTF-8", () => {
  it("is named by line, column and byte", async () => {
    const latin1 = Buffer.concat([
      Buffer.from("-- größer\nCREATE TABLE a (id int);\n-- caf"),
      Buffer.from([0xe9]),
      Buffer.from(" au lait\n"),
    ]);
    using folder = temporaryFolder({ "m/0001_a.sql": latin1 });
    expect(await failureOf(() => read(folder.path))).toEqual({
      code: "file-not-utf8",
      exitCode: 2,
      what: "m/0001_a.sql:3:7: not UTF-8",
      expected: "SQL files in UTF-8",
      found: "byte 0xe9 at byte 43",
      from: "m/0001_a.sql:3:7",
      why: "the file was saved in an older encoding (Latin-1, Windows-1252), or it is no text",
      next: ["iconv -f WINDOWS-1252 -t UTF-8 m/0001_a.sql, and read what it makes of line 3"],
    });
  });

  it.each([
    ["a lone continuation byte", [0x80], 1],
    ["a character cut off by the end", [0x61, 0xe2, 0x82], 2],
    ["half of a surrogate pair", [0x61, 0x61, 0xed, 0xa0, 0x80], 3],
    ["a character written too long", [0xc0, 0xaf], 1],
  ])("is found when it is %s", async (_, bytes, column) => {
    using folder = temporaryFolder({ "m/0001_a.sql": Uint8Array.from(bytes) });
    const failure = await failureOf(() => read(folder.path));
    expect(failure.from).toBe(`m/0001_a.sql:1:${column}`);
  });

  it("is recognised as UTF-16", async () => {
    const utf16 = Buffer.from("\uFEFFSELECT 1;", "utf16le");
    using folder = temporaryFolder({ "m/0001_a.sql": utf16 });
    expect(await failureOf(() => read(folder.path))).toMatchObject({
      code: "file-not-utf8",
      found: "UTF-16 (byte order mark at byte 0)",
      why: "the file was saved as UTF-16, as `>` does in Windows PowerShell",
      next: ["iconv -f UTF-16 -t UTF-8 m/0001_a.sql"],
    });
  });
});

it("takes a byte order mark off the text, but not off the checksum", async () => {
  const bytes = Buffer.from("\uFEFFSELECT 1;");
  using folder = temporaryFolder({ "m/0001_a.sql": bytes });
  const [migration] = await read(folder.path);
  expect(migration).toMatchObject({
    sql: "SELECT 1;",
    checksum: createHash("sha256").update(bytes).digest("hex"),
  });
});

describe("a name that is no readable file", () => {
  const unreadable = (found: string) => ({
    code: "file-unreadable",
    exitCode: 2,
    what: "m/0002_b.sql cannot be read",
    expected: "a readable file of SQL",
    found,
    from: "m/0002_b.sql",
    why: "leaving it out would skip a migration without a word",
    next: ["ls -l m/0002_b.sql; then mend it, or move it out of the folder"],
  });

  it("is refused: a folder", async () => {
    using folder = temporaryFolder({ "m/0001_a.sql": "" });
    mkdirSync(join(folder.path, "m/0002_b.sql"));
    expect(await failureOf(() => read(folder.path))).toEqual(unreadable("a folder of that name"));
  });

  it("is refused: a link that leads nowhere", async () => {
    using folder = temporaryFolder({ "m/0001_a.sql": "" });
    symlinkSync("../gone.sql", join(folder.path, "m/0002_b.sql"));
    expect(await failureOf(() => read(folder.path))).toEqual(
      unreadable("a symbolic link that leads nowhere"),
    );
  });

  it("is refused: links in a circle", async () => {
    using folder = temporaryFolder({ "m/0001_a.sql": "" });
    symlinkSync("0002_b.sql", join(folder.path, "m/0002_b.sql"));
    expect(await failureOf(() => read(folder.path))).toEqual(
      unreadable("symbolic links that lead in a circle"),
    );
  });

  it("is refused without waiting for it: a pipe", async () => {
    using folder = temporaryFolder({ "m/0001_a.sql": "" });
    expect(spawnSync("mkfifo", [join(folder.path, "m/0002_b.sql")]).status).toBe(0);
    expect(await failureOf(() => read(folder.path))).toEqual(
      unreadable("neither a file nor a folder"),
    );
  });
});

it("follows a link to a file, as a package manager's store makes them", async () => {
  using folder = temporaryFolder({ "shared.sql": "SELECT 1;", "m/0001_a.sql": "" });
  symlinkSync("../shared.sql", join(folder.path, "m/0002_b.sql"));
  expect((await read(folder.path)).map(({ sql }) => sql)).toEqual(["", "SELECT 1;"]);
});

describe("speed", () => {
  it("reads 1,000 files in hardly more time than the reading itself takes", async () => {
    using folder = temporaryFolder();
    const paths = Array.from({ length: 1_000 }, (_, at) => join(folder.path, `m/${at + 1}_t.sql`));
    mkdirSync(join(folder.path, "m"));
    for (const [at, path] of paths.entries())
      writeFileSync(path, `CREATE TABLE t${at} (id int);\n`);
    let least = Number.POSITIVE_INFINITY;
    // The machine may be busy with other tests: one round in which it was not is enough.
    for (let round = 0; round < 50 && least >= 16; round++) {
      const started = performance.now();
      for (const path of paths) readFileSync(path);
      const plain = performance.now() - started;
      expect(await read(folder.path)).toHaveLength(1_000);
      least = Math.min(least, (performance.now() - started - plain) / plain);
    }
    expect(least).toBeLessThan(16);
  });

  it("reads 50 MB of dump-like lines in time that grows with their number only", async () => {
    const line = "INSERT INTO t VALUES ('größer', 1); --   a comment   \n\n   \t \n";
    const huge = Buffer.alloc(50_000_000, line);
    const end = huge.lastIndexOf("\n");
    using folder = temporaryFolder({ "m/0001_dump.sql": huge.subarray(0, end + 1) });
    const started = performance.now();
    const [migration] = await read(folder.path);
    expect(migration!.sql.length).toBeGreaterThan(40_000_000);
    // What grows with the square of their number would take hours.
    expect(performance.now() - started).toBeLessThan(60_000);
  });
});
