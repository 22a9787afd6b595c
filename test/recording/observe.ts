/**
 * Runs each tool of `projects.ts` for real, under guard and alone, and writes what was seen to `observed.json`, from which the
 * table of docs/tools.md is made. Not part of the suite. From the repository's root, with tools' names or without:
 *
 *     node --import jiti/register test/recording/observe.ts [knex …]
 *
 * Another version of a tool, or another Node, is run from where it is installed:
 *
 *     MODULES=/there/node_modules NODE_BIN=/there/node_modules/node/bin node --import jiti/register test/recording/observe.ts knex
 */
import {
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isLockstepError } from "../../src/errors/index.ts";
import { installed, runCommand } from "../../src/processes/index.ts";
import { Session } from "../../src/pg/index.ts";
import { readStatusOn } from "../../src/runner/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { readMigrations } from "../../src/tools/index.ts";
import { runWrapped } from "../../src/wrapped/index.ts";
import { temporaryFolder, type TemporaryFolder } from "../support/folder.ts";
import { packageOf, type Observed } from "./observed.ts";
import { ownCommands, type OwnCommands } from "./own-commands.ts";
import { projects, type ToolProject } from "./projects.ts";

const { MODULES: modules, NODE_BIN: nodeBin, HOME, PATH } = process.env;
const env = { PATH: nodeBin === undefined ? PATH : `${nodeBin}:${PATH}`, HOME };
const file = new URL("observed.json", import.meta.url);

/** After which a command that has not ended waits for the other. */
const patienceMs = 6_000;

/** One tool's project with a database of its own. */
class Trial implements AsyncDisposable {
  readonly one: ToolProject;
  readonly own: OwnCommands;
  readonly folder: TemporaryFolder;
  readonly url: string;
  readonly session: Session;

  private constructor(one: ToolProject, folder: TemporaryFolder, url: string, session: Session) {
    this.one = one;
    this.own = ownCommands[one.tool]!;
    this.folder = folder;
    this.url = url;
    this.session = session;
  }

  static async open(one: ToolProject, scratch: Scratch): Promise<Trial> {
    const folder = temporaryFolder({ ...one.files, ...ownCommands[one.tool]!.files });
    symlinkSync(modules ?? resolve("node_modules"), join(folder.path, "node_modules"));
    const { url } = await scratch.createDatabase();
    return new Trial(one, folder, url, await Session.open({ url, applicationName: "observe" }));
  }

  async listed() {
    const { tool, command, isConfigured } = this.one;
    const named = isConfigured === true ? { tool, command } : {};
    return readMigrations({ folder: "m", cwd: this.folder.path, ...named });
  }

  /** `lockstep migrate`, in a word. */
  async guarded(): Promise<string> {
    const folder = await this.listed();
    try {
      const { applied } = await runWrapped({
        url: this.url,
        folder,
        command: installed(folder.program!.command, this.folder.path),
        shown: "",
        cwd: this.folder.path,
        root: this.folder.path,
        env,
        urlVariables: [],
        recorded: async () => undefined,
        emit: () => {},
        options: { lockTimeoutMs: 60_000, attempts: 1 },
      });
      return applied.length === 0 ? "nothing to do" : `applies ${applied.length}`;
    } catch (error) {
      if (!isLockstepError(error)) throw error;
      return `\`${error.code}\``;
    }
  }

  /** One of the tool's commands, without Lockstep. */
  async alone(command: string | readonly string[] = this.one.command, timeoutMs = 60_000) {
    const before = await this.rows();
    const lines: string[] = [];
    const { ended } = await runCommand({
      command: installed(command, this.folder.path),
      cwd: this.folder.path,
      env: { ...env, DATABASE_URL: this.url },
      emit: (event) => {
        if (event.type === "command.output") lines.push(event.line);
      },
      redact: (line) => line,
      timeoutMs,
    });
    return { ended, printed: lines.join("\n"), ran: (await this.rows()) - before };
  }

  async rows(): Promise<number> {
    const { ledger, migrations } = await this.listed();
    return (await ledger!.read(this.session, migrations)).length;
  }

  async isClean(): Promise<boolean> {
    return this.own.isClean((await this.alone(this.own.status)).printed);
  }

  /** Lockstep's word for the last migration. */
  async stateOfLast(): Promise<string> {
    const { migrations } = await readStatusOn(this.session, await this.listed());
    return migrations.at(-1)!.state;
  }

  /** The next migration; undefined takes it away. */
  write(sql: string | undefined): void {
    const { file: name, text } = this.own.program(sql ?? "");
    const path = join(this.folder.path, name);
    if (sql === undefined) rmSync(path);
    else writeFileSync(path, text);
  }

  /** Does something while the next migration waits for a lock. */
  async whileItWaits(
    work: (waiting: Promise<string>) => Promise<void>,
    run: () => Promise<string>,
  ) {
    await using holder = await Session.open({ url: this.url, applicationName: "holder" });
    await holder.batch("BEGIN; LOCK TABLE users IN ACCESS SHARE MODE");
    const waiting = run();
    for (let seen = false; !seen; await sleep(50)) {
      const { rows } = await this.session.query(
        "SELECT FROM pg_locks WHERE NOT granted AND relation = 'users'::regclass",
      );
      seen = rows.length > 0;
    }
    await work(waiting);
    await holder.batch("ROLLBACK");
    return await waiting;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.session.close();
    this.folder[Symbol.dispose]();
  }
}

const wanted = process.argv.slice(2);
const known: Record<string, Observed> = existsSync(file)
  ? (JSON.parse(readFileSync(file, "utf8")) as Record<string, Observed>)
  : {};
await using scratch = await startScratch();
for (const one of projects) {
  if (wanted.length > 0 && !wanted.includes(one.tool)) continue;
  const version = versionOf(one);
  const seen = await observe({ ...one, version }, scratch);
  known[modules === undefined ? one.tool : `${one.tool} ${version}`] = seen;
  process.stdout.write(`${one.tool} ${version}: ${JSON.stringify(seen)}\n`);
}
const order = projects.map(({ tool }) => tool as string);
const place = (key: string) => order.indexOf(key.split(" ", 1)[0]!);
const ordered = Object.fromEntries(
  Object.entries(known).toSorted(([a], [b]) => place(a) - place(b) || a.localeCompare(b)),
);
writeFileSync(file, `${JSON.stringify(ordered, undefined, 2)}\n`);

/** As it is installed there. */
function versionOf({ tool, version }: ToolProject): string {
  if (modules === undefined) return version;
  const path = join(modules, packageOf[tool] ?? tool, "package.json");
  const installedVersion = (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
  if (nodeBin === undefined) return installedVersion;
  const node = join(nodeBin, "..", "package.json");
  const { version: major } = JSON.parse(readFileSync(node, "utf8")) as { version: string };
  return `${installedVersion}, Node ${major.split(".", 1)[0]}`;
}

async function observe(one: ToolProject, server: Scratch): Promise<Observed> {
  await using trial = await Trial.open(one, server);
  const guarded = await trial.guarded();
  const again = await trial.alone();
  const isCleanAfter = await trial.isClean();
  const edited = await whenEdited(trial);
  const late = await whenLate(one, server);
  const failed = await whenItFails(trial);
  const inFlight = await whileInFlight(trial);
  const killed = await whenKilled(one, server);
  const down = await whenTakenBack(one, server);
  return {
    version: one.version,
    guarded,
    again: { ran: again.ran, ended: again.ended },
    isCleanAfter,
    edited,
    late,
    failed,
    inFlight,
    killed,
    down,
  };
}

async function whenEdited(trial: Trial): Promise<Observed["edited"]> {
  const [first] = (await trial.listed()).migrations;
  const path = join(trial.folder.path, first!.file);
  const text = readFileSync(path, "utf8");
  writeFileSync(path, `${text}// edited\n`);
  const { ended } = await trial.alone();
  const guarded = await trial.guarded();
  writeFileSync(path, text);
  return { ended, guarded };
}

async function whenLate(one: ToolProject, server: Scratch): Promise<Observed["late"]> {
  await using trial = await Trial.open(one, server);
  await trial.guarded();
  const { third } = one;
  const earlier = (text: string) =>
    text.replaceAll("1700000000002", "1600000000000").replaceAll("20240301", "20230301");
  writeFileSync(
    join(trial.folder.path, earlier(third.file.replace("/3", "/0"))),
    earlier(third.text),
  );
  const guarded = await trial.guarded();
  const { ran, ended } = await trial.alone();
  return { ran, ended, guarded };
}

/** A statement that fails behind one that does not; then it is mended. */
async function whenItFails(trial: Trial): Promise<Observed["failed"]> {
  trial.write("CREATE TABLE more (a int); SELECT 1 / 0");
  const guarded = await trial.guarded();
  const { rows } = await trial.session.query<{ there: boolean }>(
    "SELECT to_regclass('more') IS NOT NULL AS there",
  );
  const state = await trial.stateOfLast();
  trial.write("CREATE TABLE IF NOT EXISTS more (a int)");
  const mended = await trial.guarded();
  return { guarded, left: rows[0]!.there, state, mended };
}

/** The tool's own command beside `lockstep migrate`, whose migration waits for a lock. */
async function whileInFlight(trial: Trial): Promise<Observed["inFlight"]> {
  await trial.alone(trial.own.down);
  await trial.session.batch(
    "DELETE FROM lockstep.migration WHERE id LIKE '%ore%' OR id LIKE '%20240301%'",
  );
  trial.write("ALTER TABLE users ADD COLUMN more int");
  let own: ReturnType<Trial["alone"]> | undefined;
  let waits = false;
  const guarded = await trial.whileItWaits(
    async () => {
      own = trial.alone();
      waits = await Promise.race([own.then(() => false), sleep(patienceMs).then(() => true)]);
    },
    async () => trial.guarded(),
  );
  const { ended } = await own!;
  return { waits, ended, guarded, rows: await trial.rows() };
}

/** The tool's command is killed in the middle of a migration; then `lockstep migrate`. */
async function whenKilled(one: ToolProject, server: Scratch): Promise<Observed["killed"]> {
  await using trial = await Trial.open(one, server);
  await trial.guarded();
  trial.write("ALTER TABLE users ADD COLUMN more int");
  await trial.whileItWaits(
    async (waiting) => {
      for (const pid of processesIn(trial.folder.path)) process.kill(pid, "SIGKILL");
      await waiting;
    },
    async () => (await trial.alone()).ended,
  );
  const guarded = await trial.guarded();
  return { guarded, state: await trial.stateOfLast() };
}

/** The tool's own way back; then what Lockstep says, and does. */
async function whenTakenBack(one: ToolProject, server: Scratch): Promise<Observed["down"]> {
  await using trial = await Trial.open(one, server);
  trial.write("CREATE TABLE IF NOT EXISTS more (a int)");
  await trial.guarded();
  const { ended, ran } = await trial.alone(trial.own.down);
  const guarded = await trial.guarded();
  const folder = await trial.listed();
  const last = folder.migrations.at(-1)!.id;
  const { migrations } = await readStatusOn(trial.session, folder);
  return { ended, ran, state: migrations.find(({ id }) => id === last)!.state, guarded };
}

function processesIn(folder: string): readonly number[] {
  return readdirSync("/proc").flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) return [];
    try {
      return readlinkSync(`/proc/${pid}/cwd`) === folder ? [pid] : [];
    } catch {
      // It has ended, or is another user's.
      return [];
    }
  });
}
