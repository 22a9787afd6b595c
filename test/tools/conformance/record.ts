/**
 * Runs the real tools and writes what they do and record to `recorded/`. Not part of the suite: the tools are programs in
 * many languages. From the repository's root:
 *
 *     LOCKSTEP_TOOLS=/a/folder node --import jiti/register test/tools/conformance/record.ts [TOOL…]
 *
 * The folder holds programs in `bin`, npm packages in `node_modules`, and Flyway's jars in `flyway`. Another line of a tool's releases
 * is recorded beside the first, under the version that is said:
 *
 *     LOCKSTEP_TOOLS=/older RECORD_AS=6.19.3 node --import jiti/register test/tools/conformance/record.ts prisma
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { Session } from "../../../src/pg/index.ts";
import { migrate } from "../../../src/runner/index.ts";
import { startScratch, type Scratch } from "../../../src/scratch/index.ts";
import { readMigrations } from "../../../src/tools/index.ts";
import { temporaryFolder } from "../../support/folder.ts";
import type { ConformanceCase, Files, Outcome, Recorded } from "./case.ts";
import { cases } from "./cases.ts";
import { rowsOf, shapeOf } from "./ledger-rows.ts";

const tools = process.env["LOCKSTEP_TOOLS"];
const asked = process.env["RECORD_AS"];
if (tools === undefined) throw new Error("LOCKSTEP_TOOLS names no folder");

/** A project on a database of its own. */
class Project implements AsyncDisposable {
  readonly #folder = temporaryFolder();
  readonly #case: ConformanceCase;
  readonly session: Session;
  readonly url: string;

  private constructor(one: ConformanceCase, url: string, session: Session) {
    this.#case = one;
    this.url = url;
    this.session = session;
    this.write({ ...one.project, ...one.beside });
  }

  static async open(one: ConformanceCase, scratch: Scratch): Promise<Project> {
    const { url } = await scratch.createDatabase();
    return new Project(one, url, await Session.open({ url, applicationName: "record" }));
  }

  write(files: Files): void {
    for (const [file, text] of Object.entries(files)) this.#folder.write(file, text);
  }

  /** Lockstep's own migrate; what it throws is given back. */
  async lockstep(): Promise<unknown> {
    const cwd = this.#folder.path;
    const folder = await readMigrations({ folder: this.#case.folder, cwd });
    try {
      await migrate({ url: this.url, folder, emit: () => {} });
      return undefined;
    } catch (error) {
      return error;
    }
  }

  async run(): Promise<Outcome> {
    const { path: root } = this.#folder;
    const { file, args, env } = this.#case.command({ root, url: this.url, tools: tools! });
    const done = spawnSync(file, args, {
      cwd: root,
      env: { ...process.env, ...env, DATABASE_URL: this.url },
      encoding: "utf8",
      timeout: 120_000,
    });
    if (done.error !== undefined) throw done.error;
    const says = this.#telling(`${done.stderr}\n${done.stdout}`, done.status !== 0);
    const rows = await rowsOf(this.session, this.#case.ledger);
    return { exitCode: done.status ?? -1, says, rows };
  }

  #telling(output: string, failed: boolean): string {
    const lines = output
      .replaceAll(this.#folder.path, ".")
      .replaceAll(this.url, "DATABASE_URL")
      // oxlint-disable-next-line no-control-regex
      .replaceAll(/\u001B\[[0-9;?]*[A-Za-z]/g, "")
      .replaceAll(/^\d{4}\/\d\d\/\d\d [\d:]+ | (?:in )?\(?[\d.]+[mµ]?s\)?$/gm, "")
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "" && !/^(?:at |\d{4}[/-]\d\d[/-]\d\d .*OK )/.test(line));
    const errors = lines.filter((line) => /error|dirty|refuse|violat/i.test(line));
    const told =
      errors.find((line) => /^(?:error|migrate found)\b.*: ?\S/i.test(line)) ?? errors[0];
    const error = failed ? told : undefined;
    return (error ?? lines.at(-1) ?? "").slice(0, 240);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.session.close();
    this.#folder[Symbol.dispose]();
  }
}

async function record(one: ConformanceCase, scratch: Scratch): Promise<Recorded> {
  const [first, second, third] = one.migrations;
  const open = async (...files: readonly Files[]) => {
    const project = await Project.open(one, scratch);
    for (const each of files) project.write(each);
    return project;
  };
  await using project = await open(first.files, second.files);
  const applied = await project.run();
  const columns = await shapeOf(project.session, one.ledger);
  project.write(third.files);
  const failure = await project.lockstep();
  if (failure !== undefined) throw failure;
  const afterLockstep = await project.run();

  const openAfterFirst = async (files: Files) => {
    const project = await open(first.files);
    await project.run();
    project.write(files);
    return project;
  };
  await using failing = await openAfterFirst(one.failing.files);
  const failed = await failing.run();

  await using half = await openAfterFirst(one.halves.files);
  const failedHalves = await half.run();
  const again = await half.run();

  await using flying = await open(first.files, one.halves.files);
  if ((await flying.lockstep()) === undefined) throw new Error("the second half did not fail");
  const inFlight = await flying.run();

  await using edits = await open(first.files, second.files);
  await edits.run();
  edits.write(one.edited);
  const edited = await edits.run();

  await using merged = await open(first.files, second.files);
  await merged.run();
  merged.write(one.late.files);
  const late = await merged.run();
  const { rows } = await merged.session.query(
    "SELECT to_regclass('public.late') IS NOT NULL AS ran",
  );
  const { tool, version: usual, shown: command } = one;
  const version = asked ?? usual;
  const ran = rows[0]?.["ran"] === true;
  return {
    tool,
    version,
    command,
    columns,
    applied,
    afterLockstep,
    failed,
    failedHalves,
    again,
    inFlight,
    edited,
    late: { ...late, ran },
  };
}

await using scratch = await startScratch();
const wanted = process.argv.slice(2);
for (const one of cases) {
  if (wanted.length > 0 && !wanted.includes(one.tool)) continue;
  const recorded = await record(one, scratch);
  const name = asked === undefined ? one.tool : `${one.tool}-${asked.split(" ", 1)[0]}`;
  const file = new URL(`recorded/${name}.json`, import.meta.url);
  writeFileSync(file, `${JSON.stringify(recorded, undefined, 2)}\n`);
}
