import { symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { introspect } from "../../src/catalog/index.ts";
import { Session } from "../../src/pg/index.ts";
import { installed, runCommand } from "../../src/processes/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { runCli } from "../cli/run-cli.ts";
import { temporaryFolder, type TemporaryFolder } from "../support/folder.ts";
import { ownCommands } from "./own-commands.ts";
import { projects, type ToolProject } from "./projects.ts";

let server: Scratch;
beforeAll(async () => {
  server = await startScratch();
});
afterAll(() => server.close());

/** The others' rows are as simple: they are carried where `LOCKSTEP_TOOLS=all` asks for them (`npm run test:full`). */
const carried = projects.filter(
  ({ tool }) => process.env["LOCKSTEP_TOOLS"] === "all" || tool === "knex",
);

const env = { PATH: process.env["PATH"], HOME: process.env["HOME"] };

async function run(command: string | readonly string[], { path }: TemporaryFolder, url: string) {
  const printed: string[] = [];
  const { ended } = await runCommand({
    command: installed(command, path),
    cwd: path,
    env: { ...env, DATABASE_URL: url },
    emit: (event) => {
      if (event.type === "command.output") printed.push(event.line);
    },
    redact: (line) => line,
  });
  return { ended, printed: printed.join("\n") };
}

function open(one: ToolProject): TemporaryFolder {
  const { tool, command, files } = one;
  const migrations = { folder: "m", tool, command };
  const folder = temporaryFolder({
    ...files,
    ...ownCommands[tool]!.files,
    "lockstep.config.json": JSON.stringify({ migrations, scratch: { url: server.url } }),
  });
  symlinkSync(resolve("node_modules"), join(folder.path, "node_modules"));
  return folder;
}

/** Rows of the tool's ledger without what is of the moment; times by their precision. */
async function ledgerRows(session: Session, table: string): Promise<readonly unknown[]> {
  const { rows } = await session.query<Record<string, unknown>>(
    `SELECT * FROM ${table} ORDER BY 1`,
  );
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [
        name,
        value instanceof Date || /^\d{13}$|^\d{4}-/.test(String(value)) ? typeof value : value,
      ]),
    ),
  );
}

it.each(carried.map((one) => [one.tool, one] as const))(
  "%s: a plan is carried, and the tool's own commands find nothing to do from its first step on",
  async (tool, one) => {
    using folder = open(one);
    const own = ownCommands[tool]!;
    const { url } = await server.createDatabase();
    const { url: twin } = await server.createDatabase();
    await using session = await Session.open({ url, applicationName: "test" });
    await using beside = await Session.open({ url: twin, applicationName: "test" });
    const ask = async (...argv: readonly string[]) =>
      runCli(argv, { cwd: folder.path, env: { ...env, DATABASE_URL: url } });
    const cli = async (...argv: readonly string[]) => {
      const result = await ask(...argv);
      expect(result, result.stderr).toMatchObject({ exitCode: 0 });
    };
    expect((await run(one.command, folder, url)).ended).toBe("exit code 0");
    expect((await run(one.command, folder, twin)).ended).toBe("exit code 0");
    const { file, text } = own.program("ALTER TABLE users RENAME COLUMN nick TO handle");
    writeFileSync(join(folder.path, file), text);
    expect(own.isClean((await run(own.status, folder, url)).printed)).toBe(false);
    expect((await run(one.command, folder, twin)).ended).toBe("exit code 0");
    const at = ["--url", url];
    await cli("plan", file);
    const named = await ask("migrate", ...at, "--", "node", "-e", "process.exit(1)");
    expect(named).toMatchObject({ exitCode: 1 });
    expect(named.stderr).toContain(`would run ${file} as it is, and there is a plan for it`);
    await cli("migrate", ...at);
    const columns = async () => {
      const { tables } = await introspect(session);
      return tables["public.users"]!.columns.map(({ name }) => name).toSorted();
    };
    const between = await columns();
    expect(between).toEqual(expect.arrayContaining(["handle", "nick"]));

    const alone = await run(one.command, folder, url);
    expect(alone.ended).toBe("exit code 0");
    expect(await columns()).toEqual(between);
    expect(own.isClean((await run(own.status, folder, url)).printed)).toBe(true);

    const next = own.program("ALTER TABLE users ADD COLUMN age int", 4);
    writeFileSync(join(folder.path, next.file), next.text);
    for (const words of [[], ["--", "node", "-e", "process.exit(1)"]]) {
      const touching = await ask("migrate", ...at, ...words);
      expect(touching).toMatchObject({ exitCode: 1 });
      expect(touching.stderr).toContain(`${next.file} waits for plan`);
    }
    const other = own.program("CREATE TABLE other (a int)", 4);
    writeFileSync(join(folder.path, other.file), other.text);
    await cli("migrate", ...at);
    expect(Object.keys((await introspect(session)).tables)).toContain("public.other");

    await cli("migrate", "--phase", "contract", "--consent", "alice: nobody runs it", ...at);
    expect(await columns()).toEqual(["email", "handle", "id"]);
    expect(own.isClean((await run(own.status, folder, url)).printed)).toBe(true);
    expect((await run(one.command, folder, twin)).ended).toBe("exit code 0");
    const table = (await ledgerTable(session))!;
    expect(await ledgerRows(session, table)).toEqual(await ledgerRows(beside, table));
  },
  // Many processes, one after the other.
  180_000,
);

async function ledgerTable(session: Session): Promise<string | undefined> {
  const { rows } = await session.query<{ name: string }>(
    `SELECT c.oid::regclass::text AS name FROM pg_class c
     WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
       AND relname ~ '(migration|Meta)' AND relname !~ 'lock'`,
  );
  return rows[0]?.name;
}
