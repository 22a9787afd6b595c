import { symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { introspect } from "../../src/catalog/index.ts";
import { Session } from "../../src/pg/index.ts";
import { recordFolder } from "../../src/recording/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { readMigrations, type MigrationFolder } from "../../src/tools/index.ts";
import { temporaryFolder, type TemporaryFolder } from "../support/folder.ts";
import { projects, type ToolProject } from "./projects.ts";

let scratch: Scratch;

beforeAll(async () => {
  scratch = await startScratch();
});

afterAll(async () => {
  await scratch.close();
});

function open({ files, third }: ToolProject): TemporaryFolder {
  const folder = temporaryFolder({ ...files, [third.file]: third.text });
  symlinkSync(resolve("node_modules"), join(folder.path, "node_modules"));
  return folder;
}

async function listed(one: ToolProject, { path }: TemporaryFolder): Promise<MigrationFolder> {
  const { tool, isConfigured, command } = one;
  const named = isConfigured === true ? { tool, command } : {};
  return readMigrations({ folder: "m", cwd: path, ...named });
}

async function record(one: ToolProject, folder: TemporaryFolder): Promise<MigrationFolder> {
  return recordFolder({
    folder: await listed(one, folder),
    cwd: folder.path,
    // Not those of the test runner: NODE_ENV chooses a part of the tool's configuration.
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"] },
    urlVariables: [],
    scratch: { url: scratch.url },
  });
}

/** What the recorded statements make, by themselves. */
async function replayed({ migrations }: MigrationFolder): Promise<readonly string[]> {
  const { url } = await scratch.createDatabase();
  await using session = await Session.open({ url, applicationName: "test" });
  for (const { sql } of migrations)
    for (const statement of sql.split(/;[ \n]*/)) await session.batch(statement);
  const { tables } = await introspect(session);
  const { rows } = await session.query<{ email: string }>("SELECT email FROM users");
  return [
    ...Object.entries(tables).flatMap(([name, { columns, indexes }]) => [
      `${name}: ${columns.map((column) => column.name).join(", ")}`,
      ...indexes.map((index) => index.name),
    ]),
    ...rows.map(({ email }) => email),
  ];
}

describe.each(projects.map((one) => [one.tool, one] as const))("%s", (tool, one) => {
  it("is recognised, listed in its own order, and recorded as the real one sends it", async () => {
    using folder = open(one);
    const { program, ledger, ...read } = await listed(one, folder);
    const ids = [...one.ids, one.third.id];
    expect(read).toMatchObject({ tool, source: `${tool}:m` });
    expect(read.migrations.map(({ id }) => id)).toEqual(ids);
    expect(program!.command).toEqual(one.command);
    const recorded = await record(one, folder);
    expect(recorded.migrations.map(({ id }) => id)).toEqual(ids);
    for (const { sql } of recorded.migrations) expect(sql).not.toContain(ledger!.table);
    expect(await replayed(recorded)).toEqual([
      "public.users: id, email, nick",
      "users_nick",
      "users_pkey",
      "it's",
    ]);
    expect(recorded.migrations.map(({ sends }) => sends ?? program!.sends)).toMatchSnapshot();
    expect(recorded.migrations.map(({ sql }) => sql)).toMatchSnapshot();
  });
});
