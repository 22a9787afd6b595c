import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Session } from "../../src/pg/index.ts";
import { rehearseStep } from "../../src/rehearse/pipeline-step.ts";
import type { RehearsedStep, StepRequest } from "../../src/rehearse/index.ts";
import { runOnce } from "../../src/rehearse/run-once.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { readMigrations, type MigrationFolder } from "../../src/tools/index.ts";
import { runCli } from "../cli/run-cli.ts";
import { temporaryFolder } from "../support/folder.ts";

const before = {
  "lockstep.config.json": JSON.stringify({
    migrations: { folder: "migrations", tool: "node-pg-migrate" },
    environments: { production: { urlEnv: "SHOP_URL" } },
    contract: { migrations: true },
    deploy: { command: "echo in service > serviced" },
  }),
  "migrations/1_shop.sql": "CREATE TABLE item (id integer PRIMARY KEY, price integer);\n",
};

const files = {
  ...before,
  "migrations/2_note.sql": "ALTER TABLE item ADD COLUMN note text;\n",
  "migrations/3_log.sql": "CREATE TABLE log (at timestamptz);\n",
};

const root = resolve(import.meta.dirname, "../..");
const node = process.execPath;
const tool = ["node", join(root, "test/rehearse/step.cjs")];
const loader = join(
  dirname(createRequire(import.meta.url).resolve("jiti/package.json")),
  "lib/jiti-register.mjs",
);
const lockstep = [
  node,
  "--import",
  pathToFileURL(loader).href,
  join(root, "test/cli/lockstep-process.ts"),
];

let server: Scratch;
/** Production, in these tests. */
let production: string;

beforeAll(async () => {
  server = await startScratch();
  const database = await server.createDatabase();
  production = database.url;
  using folder = temporaryFolder(before);
  await runCli(["migrate"], { cwd: folder.path, env: { SHOP_URL: production } });
  await using session = await Session.open({ url: production, applicationName: "test" });
  await session.batch("INSERT INTO item SELECT n, n FROM generate_series(1, 200) n; ANALYZE");
});

afterAll(async () => {
  await server.close();
});

/** What production holds of the pending work, which no command may bring there. */
async function inProduction(): Promise<readonly string[]> {
  await using session = await Session.open({ url: production, applicationName: "test" });
  const { rows } = await session.query<{ name: string }>(
    "SELECT name FROM pgmigrations ORDER BY 1",
  );
  return rows.map(({ name }) => name);
}

interface Tried {
  readonly path: string;
  readonly folder: MigrationFolder;
  /** A database that is copied. */
  readonly template: string;
}

async function groundOf(path: string): Promise<Tried> {
  const folder = await readMigrations({
    folder: "migrations",
    tool: "node-pg-migrate",
    cwd: path,
  });
  const { name } = await server.createDatabase({
    template: decodeURIComponent(new URL(production).pathname.slice(1)),
  });
  return { path, folder, template: name };
}

/** One step on copies of a database that has the first migration. */
async function tried(
  { path, folder, template }: Tried,
  words: readonly string[],
  given: Partial<StepRequest> & { readonly signal?: AbortSignal } = {},
): Promise<RehearsedStep> {
  const { signal, ...step } = given;
  const told = await rehearseStep({
    step: {
      command: words,
      shown: words.slice(2).join(" "),
      cwd: path,
      env: { ...process.env, SHOP_URL: production },
      urlVariables: ["SHOP_URL"],
      known: [production],
      limitMs: 120_000,
      ...step,
    },
    scale: 1,
    sized: {
      clone: { tables: [], lacking: [], makers: [], ms: 0 },
      copy: async () => server.createDatabase({ template }),
      drop: async () => {},
    },
    folder,
    pending: folder.migrations.slice(1),
    isShared: false,
    applied: undefined,
    isReal: false,
    run: async (url, toTheEnd) =>
      runOnce({
        url,
        folder,
        toTheEnd,
        signal,
        plans: [],
        runner: {},
        look: "nothing",
      }),
    signal,
  });
  return told!;
}

it("a step that does it, and what is told of one that does nothing, half of it, more, goes elsewhere, hangs", async () => {
  using place = temporaryFolder(files);
  const ground = await groundOf(place.path);
  const of = async (...words: readonly string[]) => tried(ground, [...tool, ...words]);
  const npm = join(root, "node_modules/.bin/node-pg-migrate");
  const stopped = new AbortController();
  const { signal } = stopped;
  const stop = () => stopped.abort();
  const [good, nothing, half, more, elsewhere, hangs, ended] = await Promise.all([
    tried(ground, [npm, ..."up -m migrations -d SHOP_URL".split(" ")]),
    of("nothing"),
    of("half"),
    of("more"),
    of("elsewhere", production),
    tried(ground, [...tool, "hang"], { limitMs: 2_000 }),
    tried(ground, [...tool, "hang"], { signal, onLine: stop }).catch((error: unknown) => error),
  ]);
  const all = ["2_note", "3_log"];
  expect(good).toMatchObject({
    ended: "exit code 0",
    applied: all,
    missing: [],
    sameCatalog: true,
    besides: [],
    again: { ok: true, ended: "exit code 0", changed: [] },
    faults: [],
  });
  expect(good.ms).toBeGreaterThan(0);
  expect(nothing).toMatchObject({ ended: "exit code 0", applied: [], missing: all });
  expect(nothing.faults.map(({ what }) => what)).toEqual([
    "nothing says that all is well, and did not come to the copy: 2_note, 3_log are not applied",
  ]);
  expect(half).toMatchObject({ ended: "exit code 1", applied: ["2_note"], missing: ["3_log"] });
  expect(half.faults).toMatchObject([
    {
      what: "half ended with exit code 1: 1 of 2 pending migrations are applied",
      found: "gave up",
    },
  ]);
  expect(more.besides).toEqual(["public.seed: extra table", "rows of public.item"]);
  expect(more.faults.map(({ what }) => what)).toEqual([
    "more changes what is not pending",
    "more, run again with nothing left to do, ended with exit code 1",
  ]);
  const { host, password } = new URL(production);
  expect(elsewhere.said[0]).toMatch(/^goes to postgres:/);
  expect(elsewhere.said.join()).not.toContain(password);
  expect(elsewhere).toMatchObject({ ended: "exit code 1", refused: [host], missing: all });
  expect(elsewhere.faults[0]!.found).toContain(`it tried to reach ${host}`);
  expect(hangs.faults[0]!.what).toContain("did not come to the copy");
  expect(hangs.ended).toBe("time limit of 2 s");
  expect(await inProduction()).toEqual(["1_shop"]);
  expect(ended).toMatchObject({ code: "run-cancelled" });
});

// It takes seconds to start: `LOCKSTEP_TOOLS=all` asks for it (`npm run test:full`).
it.each(process.env["LOCKSTEP_TOOLS"] === "all" ? ["deploy --release r1"] : [])(
  "lockstep %s, as the command, goes as far as its gate and puts nothing into service",
  async (words) => {
    using place = temporaryFolder(files);
    expect(
      await tried(await groundOf(place.path), [...lockstep, ...words.split(" ")]),
    ).toMatchObject({
      applied: ["2_note", "3_log"],
      again: { ok: true, changed: [] },
      faults: [],
    });
    expect(existsSync(join(place.path, "serviced"))).toBe(false);
    expect(await inProduction()).toEqual(["1_shop"]);
  },
);
