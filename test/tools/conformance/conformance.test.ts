import { readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Session } from "../../../src/pg/index.ts";
import { readStatus, type RunOptions } from "../../../src/runner/index.ts";
import { startScratch, type Scratch } from "../../../src/scratch/index.ts";
import {
  readMigrations,
  readWayBack,
  toolNames,
  type Migration,
  type MigrationFolder,
} from "../../../src/tools/index.ts";
import { programReaders } from "../../../src/tools/programs/all.ts";
import { migrationTools } from "../../../src/config/define-config.ts";
import { failureOf } from "../../support/failure.ts";
import { temporaryFolder, type TemporaryFolder } from "../../support/folder.ts";
import { run } from "../../runner/support.ts";
import type { ConformanceCase, Files, Recorded } from "./case.ts";
import { cases } from "./cases.ts";
import { behaviourTable, conformanceTable, earlierOf, recordedOf, type Seen } from "./table.ts";
import { betweenPhases } from "./between-phases.ts";
import { comparable, putRows, rowsOf, shapeOf } from "./ledger-rows.ts";

let scratch: Scratch;

beforeAll(async () => {
  scratch = await startScratch();
});

afterAll(async () => {
  await scratch.close();
});

/** What the tests below have seen, by tool: the last of them compares it with the docs, and needs the others to have run. */
const seen = new Map<string, Seen>();

function see(tool: string, part: Partial<Seen>): void {
  seen.set(tool, { ...seen.get(tool), ...part } as Seen);
}

/** A project of a tool's on a database of its own. */
class Project implements AsyncDisposable {
  readonly #folder: TemporaryFolder;
  readonly #case: ConformanceCase;
  readonly session: Session;
  readonly url: string;

  private constructor(one: ConformanceCase, url: string, session: Session) {
    this.#case = one;
    this.#folder = temporaryFolder({ ...one.project, ...one.beside });
    this.url = url;
    this.session = session;
  }

  static async open(one: ConformanceCase, count: number): Promise<Project> {
    const { url } = await scratch.createDatabase();
    const session = await Session.open({ url, applicationName: "test" });
    const project = new Project(one, url, session);
    for (const { files } of one.migrations.slice(0, count)) project.write(files);
    return project;
  }

  /** As the tool has left it: some migrations applied, and its ledger. */
  async appliedByTool(count: number, rows: Recorded["applied"]["rows"]): Promise<void> {
    const { migrations, ledger } = await this.read();
    for (const { sql } of migrations.slice(0, count)) await this.session.batch(sql);
    await this.session.batch(ledger!.createSql);
    await this.session.batch(`DELETE FROM "${ledger!.schema}"."${ledger!.table}"`);
    await putRows(this.session, this.#case.ledger, rows);
  }

  write(files: Files): void {
    for (const [file, text] of Object.entries(files)) this.#folder.write(file, text);
  }

  remove(files: Files): void {
    for (const file of Object.keys(files))
      if (!file.endsWith("_journal.json")) rmSync(join(this.#folder.path, file));
  }

  async read(): Promise<MigrationFolder> {
    return readMigrations({ folder: this.#case.folder, cwd: this.#folder.path });
  }

  /** Where the way back of a migration stands, in a word. */
  wayBack({ tool }: MigrationFolder, migration: Migration): string {
    const { file } = readWayBack(tool, migration, this.#folder.path) ?? {};
    if (file === undefined) return "none";
    return file === migration.file ? "in the file" : `\`${basename(file)}\``;
  }

  async migrate(options?: Partial<RunOptions>): Promise<{ applied: string[]; adopted: unknown }> {
    const { result } = await run(this.url, await this.read(), options);
    return { applied: result.applied.map(({ id }) => id), adopted: result.adopted };
  }

  async states(): Promise<string[]> {
    const { migrations } = await readStatus({ url: this.url, folder: await this.read() });
    return migrations.map(
      ({ id, state, how }) => `${id} ${state}${how === undefined ? "" : ` ${how}`}`,
    );
  }

  async rows() {
    return comparable(await rowsOf(this.session, this.#case.ledger), this.#case.ledger);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.session.close();
    this.#folder[Symbol.dispose]();
  }
}

describe.each(cases.map((one) => [one.tool, one] as const))("%s", (tool, one) => {
  const recorded = recordedOf(one);
  const ids = one.migrations.map(({ id }) => id);
  const like = (rows: Recorded["applied"]["rows"]) => comparable(rows, one.ledger);

  it("is recognised, read in the tool's order, and recorded as the tool would", async () => {
    await using project = await Project.open(one, 3);
    const folder = await project.read();
    expect(folder).toMatchObject({ tool, source: `${tool}:${one.folder}`, path: one.folder });
    expect(folder.migrations.map(({ id }) => id)).toEqual(ids);
    const { schema, table } = one.ledger;
    expect(folder.ledger).toMatchObject({ schema, table });

    const first = await project.migrate();
    expect(first).toEqual({ applied: ids, adopted: [] });
    expect(await shapeOf(project.session, one.ledger)).toEqual(recorded.columns);
    const rows = await project.rows();
    expect(rows).toEqual(like(recorded.afterLockstep.rows));
    const again = await project.migrate();
    expect(again).toEqual({ applied: [], adopted: [] });

    for (const sql of folder.ledger!.eraseSql(folder.migrations[2]!))
      await project.session.batch(sql);
    const erased = await project.rows();
    expect(erased).toEqual(like(recorded.applied.rows));

    const varying = Object.keys(one.ledger.varying).map((column) => `\`${column}\``);
    const but = varying.length === 0 ? "" : ` but for ${varying.join(", ")}`;
    see(tool, {
      detected: `\`${folder.source}\``,
      order: folder.migrations.map(({ id }) => id.replace(/_+[a-z]+$/, "")).join(", "),
      applied: `applies ${first.applied.length}, then ${again.applied.length}; ${rows.length} of ${recorded.afterLockstep.rows.length} as the tool's own${but}`,
      down: `${project.wayBack(folder, folder.migrations[0]!)}; ${erased.length} of ${rows.length} left`,
    });
  });

  it("is taken up where the tool has left it, and goes on in its ledger", async () => {
    await using project = await Project.open(one, 3);
    await project.appliedByTool(2, recorded.applied.rows);
    const states = await project.states();
    expect(states).toEqual([
      `${ids[0]} applied adopted`,
      `${ids[1]} applied adopted`,
      `${ids[2]} pending`,
    ]);
    const { applied, adopted } = await project.migrate();
    expect({ applied, adopted }).toEqual({ applied: [ids[2]], adopted: ids.slice(0, 2) });
    see(tool, {
      adopted: `${states.filter((state) => state.endsWith(" adopted")).length} adopted, applies ${applied.length}`,
    });
    expect(await project.rows()).toEqual(like(recorded.afterLockstep.rows));

    project.write(one.edited);
    expect((await failureOf(async () => project.migrate())).code).toBe("migration-edited");
    if (one.checksum !== "folder")
      expect(await project.states()).toContain(`${ids[1]} edited adopted`);
  });

  it("has files edited that the tool applied, which is seen where a checksum is kept", async () => {
    await using project = await Project.open(one, 2);
    await project.appliedByTool(2, recorded.applied.rows);
    project.write(one.edited);
    if (one.checksum === "folder") {
      const { code } = await failureOf(async () => project.states());
      expect(code).toBe("migration-edited");
      see(tool, { edited: `the folder is refused (\`${code}\`)` });
      return;
    }
    const state = (await project.states())[1]!;
    expect(state).toBe(`${ids[1]} ${one.checksum === "ledger" ? "edited" : "applied"} adopted`);
    see(tool, { edited: `it is \`${state.split(" ")[1]}\`` });
  });

  it("has a row whose file is gone, and a file merged behind what is applied", async () => {
    await using project = await Project.open(one, 2);
    await project.appliedByTool(2, recorded.applied.rows);
    await project.migrate();
    project.write(one.late.files);
    const { code } = await failureOf(async () => project.migrate());
    if (one.checksum === "folder") {
      // Two branches have broken the chain, and the folder is refused as a whole.
      expect(code).toBe("migration-missing");
      return;
    }
    expect(code).toBe("migration-out-of-order");
    expect(await project.migrate({ allowOutOfOrder: true })).toMatchObject({
      applied: [one.late.id],
    });
    if (recorded.late.ran) expect(await project.rows()).toEqual(like(recorded.late.rows));
    else expect(await project.rows()).toHaveLength(rowsWithLate(recorded));
    expect(await project.states()).toContain(`${one.late.id} applied applied`);
    project.remove(one.migrations[1].files);
    expect((await failureOf(async () => project.migrate())).code).toBe("migration-missing");
  });

  it.each(["failed", "failedHalves"] as const)(
    "was left by the tool's own failure: %s",
    async (how) => {
      const { id, files } = how === "failed" ? one.failing : one.halves;
      await using project = await Project.open(one, 1);
      project.write(files);
      await project.appliedByTool(1, recorded[how].rows);
      const states = await project.states();
      const kind = how === "failed" ? "one transaction" : "several units";
      const { failed: sofar } = seen.get(tool)!;
      const word = `${kind}: \`${states[1]!.split(" ").at(-1)}\``;
      see(tool, { failed: how === "failed" ? word : `${sofar}; ${word}` });
      if (!one.tells[how]) {
        expect(states).toEqual([`${ids[0]} applied adopted`, `${id} pending`]);
        return;
      }
      expect(states).toEqual([`${ids[0]} applied adopted`, `${id} failed`]);
      const failure = await failureOf(async () => project.migrate());
      expect(failure).toMatchObject({
        code: "migration-unresolved",
        what: `${tool} has begun "${id}" and not brought it to its end`,
      });
      expect(failure.next?.[0]).toContain(`lockstep resolve ${id} --as rolled-back`);
      const { ledger, migrations } = await project.read();
      for (const sql of ledger!.eraseSql(migrations[1]!)) await project.session.batch(sql);
      expect(await project.states()).toEqual([`${ids[0]} applied adopted`, `${id} pending`]);
    },
  );

  it("is half done by Lockstep, and gone on with", async () => {
    await using project = await Project.open(one, 1);
    project.write(one.halves.files);
    const { code } = await failureOf(async () => project.migrate());
    expect(code).toBe("migration-failed");
    expect(await project.rows()).toEqual(like(recorded.inFlight.rows));
    // Where the tool knows such a mark, its own command refuses meanwhile.
    const { ledger, migrations } = await project.read();
    const rows = await ledger!.read(project.session, migrations);
    const marked = rows.filter(({ unfinished }) => unfinished !== undefined).map(({ id }) => id);
    expect(marked).toEqual(ledger!.beginSql === undefined ? [] : [one.halves.id]);
    const states = await project.states();
    expect(states).toEqual([`${ids[0]} applied applied`, `${one.halves.id} failed`]);
    await project.session.query("DELETE FROM things WHERE ctid = (SELECT min(ctid) FROM things)");
    const { applied } = await project.migrate();
    expect(applied).toEqual([one.halves.id]);
    expect(await project.states()).toContain(`${one.halves.id} applied applied`);
    expect(await project.migrate()).toEqual({ applied: [], adopted: [] });
    const mark = marked.length === 0 ? "no row" : "a row that says so";
    see(tool, {
      resumed: `\`${code}\`, \`${states[1]!.split(" ").at(-1)}\`, ${mark}; applies ${applied.length}`,
    });
  });
});

/** Packages of this repository, run for real where `LOCKSTEP_TOOLS=all` asks for it (`npm run test:full`). */
const runHere = new Set(["drizzle", "prisma", "node-pg-migrate", "graphile-migrate"]);

it.each(
  cases
    .filter(({ tool }) => process.env["LOCKSTEP_TOOLS"] === "all" && runHere.has(tool))
    .map((one) => [one.tool, one] as const),
)(
  "%s: its own command finds nothing to do between the phases of a plan",
  async (_, one) => {
    const { rows, ...done } = await betweenPhases(one, scratch, process.cwd());
    const { rows: before, ...recorded } = recordedOf(one).planned!;
    expect(done).toMatchObject({ exitCode: recorded.exitCode, isUntouched: true });
    expect(comparable(rows, one.ledger)).toEqual(comparable(before, one.ledger));
    expect(rows).toHaveLength(2);
  },
  // Many processes, one after the other.
  60_000,
);

it("the lines of releases before did the same and wrote the same", () => {
  const outcomes = [
    "applied",
    "afterLockstep",
    "failed",
    "failedHalves",
    "again",
    "inFlight",
    "edited",
    "late",
  ] as const;
  const seen = (one: ConformanceCase, recorded: Recorded) => ({
    columns: recorded.columns,
    ran: recorded.late.ran,
    outcomes: outcomes.map((how) => {
      const { exitCode, rows } = recorded[how];
      return { how, exitCode, rows: comparable(rows, one.ledger) };
    }),
  });
  const others = cases.flatMap((one) => earlierOf(one).map((recorded) => ({ one, recorded })));
  expect(others.map(({ one }) => one.tool)).toEqual(["drizzle", "prisma"]);
  for (const { one, recorded } of others)
    expect(seen(one, recorded), recorded.version).toEqual(seen(one, recordedOf(one)));
});

it.each(
  cases
    .filter(({ tool }) => /^(?:golang-migrate|sqlx)$/.test(tool))
    .map((one) => [one.tool, one] as const),
)("%s is not run again where its manifest is missing", async (tool, one) => {
  await using project = await Project.open(one, 2);
  await project.appliedByTool(2, recordedOf(one).applied.rows);
  project.remove(one.project);
  expect((await project.read()).tool).toBe("sql");
  expect(await failureOf(async () => project.migrate())).toMatchObject({
    code: "migration-unsupported",
    found: `public.${one.ledger.table}`,
    next: [
      `if ${tool} has applied this folder: \`migrations.tool: "${tool}"\` in lockstep.config`,
      'if the ledger is of another folder: `migrations.tool: "sql"`',
    ],
  });
});

it("docs/tools.md shows what was recorded and seen, and every tool that the config takes", () => {
  const page = readFileSync("docs/tools.md", "utf8");
  const table = /<!-- recorded -->\n\n([^]*?)\n\n<!-- \/recorded -->/.exec(page)?.[1];
  expect(unaligned(table ?? "")).toBe(conformanceTable(cases));
  const behaviour = /<!-- behaviour -->\n\n([^]*?)\n\n<!-- \/behaviour -->/.exec(page)?.[1];
  expect(unaligned(behaviour ?? "")).toBe(behaviourTable(seen));
  expect([...toolNames].toSorted()).toEqual([...migrationTools].toSorted());
  const programs = Object.keys(programReaders);
  expect(["sql", ...cases.map(({ tool }) => tool), ...programs]).toEqual([...migrationTools]);
  for (const tool of migrationTools) expect(page).toContain(`\n| \`${tool}\` |`);
});

/** A table as it was before a formatter set its columns. */
function unaligned(table: string): string {
  return table.replaceAll(/ +\|/g, " |").replaceAll(/\| +/g, "| ").replaceAll(/-{3,}/g, "---");
}

/** A ledger of one row keeps one; the others have one more. */
function rowsWithLate({ applied, afterLockstep }: Recorded): number {
  const grows = afterLockstep.rows.length > applied.rows.length;
  return applied.rows.length + (grows ? 1 : 0);
}
