import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createSnapshot, listSnapshots } from "../../src/snapshot/index.ts";
import type { SnapshotSettings } from "../../src/snapshot/index.ts";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { randomUUID } from "node:crypto";
import { temporaryFolder, type TemporaryFolder } from "../support/folder.ts";

let scratch: Scratch;
let url: string;
let folder: TemporaryFolder;
beforeAll(async () => {
  scratch = await startScratch();
  ({ url } = await scratch.createDatabase());
  folder = temporaryFolder();
});
afterAll(async () => {
  await scratch.close();
  folder[Symbol.dispose]();
});

interface Answer {
  readonly out?: unknown;
  readonly err?: string;
  readonly exit?: number;
}

/** A program of a provider's that gives these answers one after another, the last again and again, and notes what it was asked. */
function fake(program: string, answers: readonly Answer[]) {
  const bin = `bin-${randomUUID()}`;
  folder.write(
    `${bin}/${program}`,
    `#!${process.execPath}
const { appendFileSync, readFileSync, existsSync } = require("node:fs");
const log = __filename + ".log";
const asked = existsSync(log) ? readFileSync(log, "utf8").trim().split("\\n").length : 0;
appendFileSync(log, JSON.stringify(process.argv.slice(2)) + "\\n");
const answers = ${JSON.stringify(answers)};
const { out, err = "", exit = 0 } = answers[Math.min(asked, answers.length - 1)];
process.stderr.write(err);
process.stdout.write(typeof out === "string" ? out : JSON.stringify(out ?? ""));
process.exitCode = exit;
`,
  );
  const path = join(folder.path, bin, program);
  chmodSync(path, 0o755);
  return {
    env: { PATH: join(folder.path, bin) },
    asked: () =>
      readFileSync(`${path}.log`, "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as readonly string[]),
  };
}

const make = async (
  settings: SnapshotSettings,
  env: Readonly<Record<string, string>>,
  more: { readonly waitMs?: number } = {},
) =>
  createSnapshot({
    url,
    run: randomUUID(),
    environment: "production",
    name: "before-0042",
    settings,
    cwd: folder.path,
    env,
    emit: () => {},
    pollMs: 1,
    ...more,
  });

interface Case {
  readonly settings: SnapshotSettings;
  readonly program: string;
  readonly begun: unknown;
  readonly pending: unknown;
  readonly ready: unknown;
  readonly failed: unknown;
  readonly place: string;
  /** Words of the two questions. */
  readonly create: readonly string[];
  readonly look: readonly string[];
}

const rds = (Status: string, PercentProgress: number) => ({
  DBSnapshots: [{ DBSnapshotIdentifier: "before-0042", Status, PercentProgress }],
});
const aurora = (Status: string, PercentProgress: number) => ({
  DBClusterSnapshots: [{ DBClusterSnapshotIdentifier: "before-0042", Status, PercentProgress }],
});

/** As the providers document their answers. */
const cases: Readonly<Record<string, Case>> = {
  "aws-rds": {
    settings: { by: "aws-rds", instance: "shop" },
    program: "aws",
    begun: {
      DBSnapshot: { DBSnapshotIdentifier: "before-0042", Status: "creating", PercentProgress: 0 },
    },
    pending: rds("creating", 40),
    ready: rds("available", 100),
    failed: rds("failed", 40),
    place: "before-0042",
    create: ["create-db-snapshot", "--db-instance-identifier", "shop", "before-0042"],
    look: ["describe-db-snapshots", "--db-snapshot-identifier", "before-0042"],
  },
  "aws-aurora": {
    settings: { by: "aws-aurora", instance: "shop-cluster" },
    program: "aws",
    begun: {
      DBClusterSnapshot: { DBClusterSnapshotIdentifier: "before-0042", Status: "creating" },
    },
    pending: aurora("creating", 0),
    ready: aurora("available", 100),
    failed: aurora("failed", 0),
    place: "before-0042",
    create: ["create-db-cluster-snapshot", "--db-cluster-identifier", "shop-cluster"],
    look: ["describe-db-cluster-snapshots", "--db-cluster-snapshot-identifier"],
  },
  "cloud-sql": {
    settings: { by: "cloud-sql", instance: "shop", project: "acme" },
    program: "gcloud",
    begun: {
      kind: "sql#operation",
      name: "op-1",
      status: "PENDING",
      operationType: "BACKUP_VOLUME",
    },
    pending: { name: "op-1", status: "RUNNING" },
    ready: { name: "op-1", status: "DONE" },
    failed: {
      name: "op-1",
      status: "DONE",
      error: { errors: [{ code: "INTERNAL_ERROR", message: "disk snapshot" }] },
    },
    place: "op-1",
    create: ["backups", "create", "--async", "--instance", "shop", "--project", "acme"],
    look: ["operations", "describe", "op-1", "--project", "acme"],
  },
  neon: {
    settings: { by: "neon", project: "solitary-leaf-288182", branch: "main" },
    program: "neonctl",
    begun: { branch: { id: "br-small-1", name: "before-0042", current_state: "init" } },
    pending: { id: "br-small-1", current_state: "init", pending_state: "ready" },
    ready: { id: "br-small-1", current_state: "ready" },
    failed: { id: "br-small-1", current_state: "archived" },
    place: "br-small-1",
    create: ["branches", "create", "--no-compute", "--parent", "main"],
    look: ["branches", "get", "br-small-1", "--project-id", "solitary-leaf-288182"],
  },
  supabase: {
    settings: { by: "supabase", project: "xuqpsshjxdecrwdyuxvs" },
    program: "supabase",
    begun: { name: "before-0042", status: "CREATING_PROJECT", with_data: true },
    pending: [
      { name: "main", status: "FUNCTIONS_DEPLOYED" },
      { name: "before-0042", status: "RUNNING_MIGRATIONS" },
    ],
    ready: [{ name: "before-0042", status: "MIGRATIONS_PASSED" }],
    failed: [{ name: "before-0042", status: "MIGRATIONS_FAILED" }],
    place: "before-0042",
    create: ["branches", "create", "before-0042", "--with-data"],
    look: ["branches", "list", "--project-ref", "xuqpsshjxdecrwdyuxvs"],
  },
};

it.each(Object.entries(cases))(
  "%s: begun, waited for, and recorded when it is whole",
  async (_, one) => {
    const { env, asked } = fake(one.program, [
      { out: one.begun },
      { out: one.pending },
      { out: one.pending },
      { out: one.ready },
    ]);
    const snapshot = await make(one.settings, env);
    expect(snapshot).toMatchObject({ by: one.settings.by, place: one.place, name: "before-0042" });
    expect(snapshot.notKnown).not.toEqual([]);
    const [create, ...looks] = asked();
    expect(create).toEqual(expect.arrayContaining([...one.create]));
    expect(looks).toHaveLength(3);
    for (const look of looks) expect(look).toEqual(expect.arrayContaining([...one.look]));
    await using session = await Session.open({ url, applicationName: "test" });
    expect((await listSnapshots(session, 1))[0]).toMatchObject({
      by: one.settings.by,
      place: one.place,
      since: { rows: { deleted: expect.any(Number) }, walBytes: expect.any(Number) },
    });
  },
);

it.each(Object.entries(cases))("%s: a failure of the provider's, in its words", async (_, one) => {
  const { env } = fake(one.program, [
    { out: one.begun },
    { out: one.pending },
    { out: one.failed },
  ]);
  await expect(make(one.settings, env)).rejects.toMatchObject({
    code: "snapshot-failed",
    explanation: { what: expect.stringContaining(one.place) },
  });
});

it.each(Object.entries(cases))(
  "%s: what the program itself refuses, and what is no answer",
  async (_, one) => {
    const refused = fake(one.program, [
      { err: "An error occurred (AccessDenied) when calling it: not authorized\n", exit: 254 },
    ]);
    await expect(make(one.settings, refused.env)).rejects.toMatchObject({
      code: "snapshot-failed",
      explanation: { found: expect.stringContaining("AccessDenied") },
    });
    const chatty = fake(one.program, [{ out: "A new version is available" }]);
    await expect(make(one.settings, chatty.env)).rejects.toMatchObject({
      explanation: { what: expect.stringContaining("not JSON") },
    });
    const other = fake(one.program, [{ out: one.begun }, { out: { hello: 1 } }]);
    await expect(make(one.settings, other.env)).rejects.toMatchObject({
      explanation: { what: expect.stringContaining("is not known") },
    });
    const slow = fake(one.program, [{ out: one.begun }, { out: one.pending }]);
    await expect(make(one.settings, slow.env, { waitMs: 0 })).rejects.toMatchObject({
      explanation: { what: expect.stringContaining("is not whole after") },
    });
    await expect(make(one.settings, { PATH: folder.path })).rejects.toMatchObject({
      code: "snapshot-client-missing",
      explanation: { what: expect.stringContaining(one.program) },
    });
    await expect(make({ by: one.settings.by }, slow.env)).rejects.toMatchObject({ code: "usage" });
  },
);

it("any other command gets the name, and its last line is the place", async () => {
  const settings = { by: "command", command: "echo one; echo tank/pg@$LOCKSTEP_SNAPSHOT" } as const;
  expect(await make(settings, { PATH: process.env["PATH"]! })).toMatchObject({
    place: "tank/pg@before-0042",
  });
  const failing = { by: "command", command: "echo pool is full >&2; exit 3" } as const;
  await expect(make(failing, { PATH: process.env["PATH"]! })).rejects.toMatchObject({
    code: "snapshot-failed",
    explanation: { found: "pool is full" },
  });
});
