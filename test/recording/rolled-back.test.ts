import { createHash } from "node:crypto";
import { symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
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

/** The others are taken back alike: `LOCKSTEP_TOOLS=all` asks for them (`npm run test:full`). */
const all = projects.filter(
  ({ tool }) => process.env["LOCKSTEP_TOOLS"] === "all" || tool === "knex",
);

/** A project whose third migration makes a table, which its way back drops. */
class Project implements AsyncDisposable {
  readonly folder: TemporaryFolder;
  readonly url: string;
  readonly session: Session;
  readonly env: Readonly<Record<string, string | undefined>>;

  private constructor(folder: TemporaryFolder, url: string, session: Session) {
    this.folder = folder;
    this.url = url;
    this.session = session;
    this.env = { PATH: process.env["PATH"], HOME: process.env["HOME"], DATABASE_URL: url };
  }

  static async open({ tool, command, files }: ToolProject, back: string): Promise<Project> {
    const own = ownCommands[tool]!;
    const { file, text } = own.program("CREATE TABLE more (id int)", 3, back);
    const migrations = { folder: "m", tool, command };
    const folder = temporaryFolder({
      ...files,
      ...own.files,
      [file]: text,
      "lockstep.config.json": JSON.stringify({ migrations, scratch: { url: server.url } }),
    });
    symlinkSync(resolve("node_modules"), join(folder.path, "node_modules"));
    const { url } = await server.createDatabase();
    return new Project(folder, url, await Session.open({ url, applicationName: "test" }));
  }

  async cli(...argv: readonly string[]) {
    const dashes = argv.indexOf("--");
    const [words, own] = dashes === -1 ? [argv, []] : [argv.slice(0, dashes), argv.slice(dashes)];
    const result = await runCli([...words, "--url", this.url, ...own], {
      cwd: this.folder.path,
      env: this.env,
    });
    return { ...result, stderr: result.stderr.replaceAll(/\s+/g, " ") };
  }

  async print(command: readonly string[]): Promise<string> {
    const printed: string[] = [];
    await runCommand({
      command: installed(command, this.folder.path),
      cwd: this.folder.path,
      env: this.env,
      emit: (event) => {
        if (event.type === "command.output") printed.push(event.line);
      },
      redact: (line) => line,
    });
    return printed.join("\n");
  }

  async first(sql: string): Promise<unknown> {
    const { rows } = await this.session.query(sql);
    return Object.values(rows[0] ?? {})[0];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.session.close();
    this.folder[Symbol.dispose]();
  }
}

it.each(all.map((one) => [one.tool, one] as const))(
  "%s: its own way back is tried on scratch, run under the lock, and both ledgers say so",
  async (tool, one) => {
    await using project = await Project.open(one, "DROP TABLE more");
    const own = ownCommands[tool]!;
    const migrated = await project.cli("migrate");
    expect(migrated, migrated.stderr).toMatchObject({ exitCode: 0 });
    await project.session.batch("INSERT INTO more VALUES (1), (2)");
    const words = ["rollback", "--json", "--", ...own.down!];
    const losing = await project.cli(...words);
    expect(losing).toMatchObject({ exitCode: 1 });
    expect(losing.stdout).toContain("public.more: the table's rows, 2 rows");
    expect(own.isClean(await project.print(own.status))).toBe(true);
    await project.session.batch("DELETE FROM more");
    const taken = await project.cli(...words);
    expect(taken, taken.stderr).toMatchObject({ exitCode: 0 });
    const result = JSON.parse(taken.stdout) as Readonly<Record<string, unknown>>;
    expect(result).toMatchObject({ by: "command", losses: [], isDone: true });
    expect(result["sql"]).toBe("DROP TABLE more;\n");
    expect(await project.first("SELECT to_regclass('more')")).toBeNull();
    expect(own.isClean(await project.print(own.status))).toBe(false);
    expect(await project.first("SELECT count(*)::int FROM lockstep.migration")).toBe(2);
    expect(
      await project.first(
        "SELECT outcome || ' ' || (detail->>'ended') || ' ' || (detail->>'by') FROM lockstep.run WHERE command = 'rollback' ORDER BY started_at DESC LIMIT 1",
      ),
    ).toBe("succeeded exit code 0 command");
    expect(await project.cli("migrate")).toMatchObject({ exitCode: 0 });
    expect(await project.cli("status", "--no-drift")).toMatchObject({ exitCode: 0 });
  },
  180_000,
);

it.each(process.env["LOCKSTEP_TOOLS"] === "all" ? projects.slice(0, 1) : [])(
  "$tool: gives way to others, and is refused where it takes back more, reads rows, or does not lead back",
  async (knex) => {
    await using project = await Project.open(knex, "DROP TABLE more");
    expect(await project.cli("migrate")).toMatchObject({ exitCode: 0 });
    const down = async (back: string) => {
      const { file, text } = ownCommands.knex!.program("CREATE TABLE more (id int)", 3, back);
      writeFileSync(join(project.folder.path, file), text);
      await project.session.query(
        "UPDATE lockstep.migration SET checksum = $1 WHERE id = '3_more.js'",
        [createHash("sha256").update(text).digest("hex")],
      );
    };
    const more = await project.cli("rollback", "--", "npx", "knex", "migrate:rollback");
    expect(more).toMatchObject({ exitCode: 1 });
    expect(more.stderr).toContain("takes back something else than 3_more.js, or more");
    await down("ALTER TABLE more ADD COLUMN x int");
    const elsewhere = await project.cli("rollback");
    expect(elsewhere).toMatchObject({ exitCode: 1 });
    expect(elsewhere.stderr).toContain("the way back does not lead back");
    await down("SELECT email FROM users; DROP TABLE more");
    const reading = await project.cli("rollback");
    expect(reading).toMatchObject({ exitCode: 1 });
    expect(reading.stderr).toContain("npx knex migrate:down:1: it reads rows");
    expect(await project.first("SELECT to_regclass('more')::text")).toBe("more");
    await down("DROP TABLE more");
    await using reader = await Session.open({ url: project.url, applicationName: "reader" });
    await reader.batch("BEGIN; SELECT FROM more");
    const running = project.cli("rollback", "--lock-timeout", "300");
    await expect
      .poll(async () => project.first("SELECT count(*)::int FROM pg_locks WHERE NOT granted"), {
        timeout: 50_000,
      })
      .toBeGreaterThan(0);
    await expect
      .poll(async () => project.first("SELECT count(*)::int FROM pg_locks WHERE NOT granted"), {
        timeout: 50_000,
      })
      .toBe(0);
    await reader.batch("COMMIT");
    const taken = await running;
    expect(taken, taken.stderr).toMatchObject({ exitCode: 0 });
    expect(await project.first("SELECT to_regclass('more')")).toBeNull();
    expect(
      await project.first(
        "SELECT (detail->>'attempts')::int FROM lockstep.run WHERE command = 'rollback' AND outcome = 'succeeded'",
      ),
    ).toBeGreaterThan(1);
  },
  180_000,
);
