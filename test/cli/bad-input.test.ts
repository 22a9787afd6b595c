import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { temporaryFolder } from "../support/folder.ts";
import { runCli } from "./run-cli.ts";
import { stateOf } from "./untouched.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch();
});
afterAll(() => scratch.close());

type Files = Readonly<Record<string, string | Uint8Array>>;

interface BadInput {
  readonly files?: Files;
  /** Files written after the others were migrated. */
  readonly later?: Files;
  /** Removed along with that. */
  readonly removed?: string;
  readonly argv?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly code: string;
  readonly exitCode?: number;
  /** What the message must hold, each in the slot it names. */
  readonly says: Readonly<Record<string, string | RegExp>>;
}

const config = JSON.stringify({
  migrations: { folder: "migrations" },
  contract: { file: "contract.json" },
  environments: { production: { urlEnv: "DATABASE_URL" } },
});

const fine: Files = {
  "lockstep.config.json": config,
  "contract.json": '{ "tables": { "a": { "columns": { "id": "integer" } } } }',
  "migrations/0001_a.sql": "CREATE TABLE a (id int);\n",
};

const cases: Readonly<Record<string, BadInput>> = {
  "SQL that cannot be parsed": {
    files: { "migrations/0002_b.sql": "CREATE TABLE b (id int);\n\nALTER TABEL b ADD c int;\n" },
    code: "sql-syntax",
    says: { what: "migrations/0002_b.sql:3:7", next: "correct" },
  },
  "an empty folder": {
    files: { "empty/.gitkeep": "" },
    argv: ["migrate", "--folder", "empty"],
    code: "folder-empty",
    says: { what: "empty", next: /./ },
  },
  "a folder that is not there": {
    argv: ["migrate", "--folder", "migration"],
    code: "folder-not-found",
    says: { next: "migrations" },
  },
  "an id that stands twice": {
    files: { "migrations/0001_b.sql": "CREATE TABLE b (id int);\n" },
    code: "migration-duplicate-id",
    says: { found: /0001_a.*0001_b/, next: /./ },
  },
  "a migration older than the last applied one": {
    later: { "migrations/0000_late.sql": "CREATE TABLE late (id int);\n" },
    code: "migration-out-of-order",
    says: { what: "migrations/0000_late.sql", next: /allow-out-of-order/ },
  },
  "a migration edited after it was applied": {
    later: { "migrations/0001_a.sql": "CREATE TABLE a (id bigint);\n" },
    code: "migration-edited",
    says: { what: "migrations/0001_a.sql", expected: "sha256", next: "git log" },
  },
  "a migration that the folder lost": {
    files: { "migrations/0002_b.sql": "CREATE TABLE b (id int);\n" },
    later: { "migrations/0003_c.sql": "CREATE TABLE c (id int);\n" },
    removed: "migrations/0002_b.sql",
    code: "migration-missing",
    says: { what: "0002_b", next: /--allow-missing/ },
  },
  "a file that is not UTF-8": {
    files: { "migrations/0002_b.sql": Buffer.from("-- caf\xe9\nSELECT 1;\n", "latin1") },
    code: "file-not-utf8",
    says: { what: "0002_b.sql", next: "iconv" },
  },
  "a contract of a newer version": {
    files: { "new.json": '{ "version": 99, "release": "v9", "hash": "" }' },
    argv: ["gate", "--contract", "new.json"],
    code: "contract-newer",
    says: { expected: "format 1", found: "format 99", next: "npm install lockstep@latest" },
  },
  "a contract that was edited": {
    files: { "broken.json": "{" },
    argv: ["deploy", "--contract", "broken.json"],
    code: "contract-invalid",
    says: { next: "lockstep contract build" },
  },
  "a contract that is not there": {
    argv: ["gate", "--contract", "nowhere.json"],
    code: "file-unreadable",
    says: { what: "nowhere.json", next: "lockstep contract build" },
  },
  "a misspelt key of the config": {
    files: { "lockstep.config.json": config.replace('"migrations"', '"migratons"') },
    code: "config-invalid",
    says: { what: "migratons", next: "migrations" },
  },
  "a config that is not there": {
    argv: ["status", "--config", "other.config.ts"],
    code: "config-not-found",
    says: { what: "other.config.ts" },
  },
  "an environment that is not there": {
    argv: ["status", "--env", "prodction"],
    code: "usage",
    says: { expected: "production", next: "did you mean --env production?" },
  },
  "a rehearsal's variable beside another server's URL": {
    argv: ["deploy"],
    env: { LOCKSTEP_REHEARSAL: "postgres://postgres@127.0.0.1:1/postgres" },
    code: "usage",
    says: { expected: "127.0.0.1:1", next: "unset LOCKSTEP_REHEARSAL" },
  },
  "a file to write that is a folder": {
    argv: ["stats", "export", "--out", "migrations"],
    code: "file-unwritable",
    says: { what: "migrations", found: "EISDIR", next: "--out" },
  },
  "a migration to resolve that is not there": {
    argv: ["resolve", "0009_z", "--as", "applied"],
    code: "usage",
    says: { what: "0009_z", next: "lockstep status" },
  },
  "a migration to resolve that the catalog does not show": {
    later: { "migrations/0002_b.sql": "CREATE TABLE b (id int);\n" },
    argv: ["resolve", "0002_b", "--as", "applied"],
    code: "resolve-refused",
    exitCode: 1,
    says: { found: "public.b", next: "--force" },
  },
};

/** The text of each slot, lines joined. */
function slotsOf(stderr: string): Readonly<Record<string, string>> {
  const [first = "", ...rest] = stderr.trim().split("\n");
  const slots: Record<string, string> = { what: first.replace(/^error\[[a-z0-9-]+\]: /, "") };
  let current = "what";
  for (const line of rest) {
    const [, label, text = line] = /^ {2}([a-z]+) +(\S.*)$/.exec(line) ?? [];
    current = label ?? current;
    slots[current] = `${slots[current] ?? ""} ${text.trim()}`;
  }
  return slots;
}

describe.each(Object.entries(cases))("%s", (_, bad) => {
  it(`is a ${bad.code}, and changes nothing`, async () => {
    using folder = temporaryFolder(fine);
    const { url } = await scratch.createDatabase();
    const run = async (argv: readonly string[]) =>
      runCli(
        [
          ...argv,
          ...(["migrate", "stats"].includes(argv[0]!) ? [] : ["--scratch-url", scratch.url]),
        ],
        {
          cwd: folder.path,
          env: { DATABASE_URL: url, ...bad.env },
        },
      );
    if (bad.later !== undefined) {
      for (const [name, text] of Object.entries(bad.files ?? {})) folder.write(name, text);
      expect((await run(["migrate"])).exitCode).toBe(0);
    }
    for (const [name, text] of Object.entries(bad.later ?? bad.files ?? {}))
      folder.write(name, text);
    if (bad.removed !== undefined) rmSync(join(folder.path, bad.removed));
    const before = await stateOf(url);
    const argv = bad.argv ?? ["migrate"];
    const { exitCode, stdout, stderr } = await run(argv);
    expect(stderr).toContain(`error[${bad.code}]: `);
    expect(exitCode).toBe(bad.exitCode ?? 2);
    expect(stdout).toBe("");
    const message = stderr.slice(stderr.indexOf("error["));
    const slots = slotsOf(message);
    // The first line is one, for grep; what follows fits the terminal.
    expect(
      message
        .split("\n")
        .slice(1)
        .filter((line) => line.length > 80),
    ).toEqual([]);
    for (const [slot, text] of Object.entries(bad.says)) expect(slots[slot]).toMatch(text);
    expect(stderr).not.toMatch(/\n {4}at /);
    expect(await stateOf(url)).toBe(before);

    const json = await run([...argv, "--json"]);
    expect(json).toMatchObject({ exitCode: bad.exitCode ?? 2, stderr: "" });
    expect(JSON.parse(json.stdout)).toMatchObject({
      version: 1,
      error: { code: bad.code, exitCode: bad.exitCode ?? 2, what: expect.any(String) },
    });
  });
});
