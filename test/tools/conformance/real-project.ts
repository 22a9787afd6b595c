import { spawnSync } from "node:child_process";
import { Session } from "../../../src/pg/index.ts";
import { migrate } from "../../../src/runner/index.ts";
import type { Scratch } from "../../../src/scratch/index.ts";
import { readMigrations, type MigrationFolder } from "../../../src/tools/index.ts";
import { temporaryFolder } from "../../support/folder.ts";
import type { ConformanceCase, Files, Outcome } from "./case.ts";
import { rowsOf } from "./ledger-rows.ts";

/** A project of a tool on a database of its own, with the real tool. */
export class RealProject implements AsyncDisposable {
  readonly folder = temporaryFolder();
  readonly #tools: string;
  readonly #case: ConformanceCase;
  readonly session: Session;
  readonly url: string;

  private constructor(one: ConformanceCase, url: string, session: Session, tools: string) {
    this.#case = one;
    this.#tools = tools;
    this.url = url;
    this.session = session;
    this.write({ ...one.project, ...one.beside });
  }

  /** @param tools the folder that LOCKSTEP_TOOLS names */
  static async open(one: ConformanceCase, scratch: Scratch, tools: string): Promise<RealProject> {
    const { url } = await scratch.createDatabase();
    const session = await Session.open({ url, applicationName: "record" });
    return new RealProject(one, url, session, tools);
  }

  write(files: Files): void {
    for (const [file, text] of Object.entries(files)) this.folder.write(file, text);
  }

  async read(): Promise<MigrationFolder> {
    return readMigrations({ folder: this.#case.folder, cwd: this.folder.path });
  }

  /** Lockstep's own migrate; what it throws is given back. */
  async lockstep(): Promise<unknown> {
    const folder = await this.read();
    try {
      await migrate({ url: this.url, folder, emit: () => {} });
      return undefined;
    } catch (error) {
      return error;
    }
  }

  /** The tool's own command. */
  async run(): Promise<Outcome> {
    const { path: root } = this.folder;
    const { file, args, env } = this.#case.command({ root, url: this.url, tools: this.#tools });
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
      .replaceAll(this.folder.path, ".")
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
    this.folder[Symbol.dispose]();
  }
}
