import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config/index.ts";
import { initProject, type InitDatabase } from "../../src/init/index.ts";
import { readHistory } from "../../src/tools/index.ts";
import { failureOf } from "../support/failure.ts";
import { runCli } from "../cli/run-cli.ts";
import { layouts } from "./layouts.ts";

const one = "CREATE TABLE one (id bigint PRIMARY KEY);";

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "lockstep-init-"));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

function lay(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, path)), { recursive: true });
    writeFileSync(join(cwd, path), text);
  }
}

const init = (options: { readonly dryRun?: boolean; readonly pipeline?: string } = {}) =>
  initProject({ cwd, dryRun: options.dryRun ?? false, pipeline: options.pipeline });

function line({ folder, migrations, contract, urlEnv, config }: InitDatabase): string {
  const { value } = contract;
  const expects =
    value.kind === "drizzle"
      ? `drizzle:${value.files.join(",")}`
      : value.kind === "prisma"
        ? `prisma:${value.schema}`
        : value.kind === "migrations"
          ? value.kind
          : `${value.kind}:${value.module}`;
  const { folder: where, tool, applied } = migrations;
  return [folder, where, tool, applied, expects, urlEnv.value, config.file].join(" ");
}

describe("lockstep init", () => {
  it.each(layouts.map((layout) => [layout.name, layout] as const))("%s", async (_name, layout) => {
    lay(layout.files);
    const report = await init();
    expect(report.databases.map(line)).toEqual(layout.databases);
    expect(report.refused).toEqual([]);
    expect(report.pipeline.proposed?.id).toBe(layout.pipeline);
    expect(report.pipeline.notProposed?.split(",")[0]).toBe(layout.notProposed);
    for (const { config, migrations, contract } of report.databases) {
      if (config.state === "kept") continue;
      const loaded = await loadConfig({ cwd, path: config.file });
      const folder = loaded.config.migrations!.folder;
      const read = await readHistory({ folder, cwd: loaded.folder });
      expect(read.migrations).toHaveLength(migrations.count);
      const { camelCase, ...expected } = loaded.config.contract!;
      expect(Object.keys(expected)).toEqual([contract.value.kind]);
      expect(camelCase).toEqual(layout.camelCase);
    }
    if (layout.commands !== undefined)
      expect(
        report.databases.map(({ migrations: { command } }) =>
          typeof command === "string" ? command : command?.join(" "),
        ),
      ).toEqual(layout.commands);
    // Run again it finds the same, and leaves what it wrote as it is.
    const [first, ...others] = report.databases;
    if (others.every(({ folder }) => folder !== first!.folder))
      expect((await init()).databases.map(({ config }) => config.state)).toEqual(
        report.databases.map(() => "kept"),
      );
  });

  it("writes a config that can be checked with at once, also where Drizzle would pass over a file", async () => {
    const drizzle = layouts[1]!.files;
    lay({ ...drizzle, "drizzle/0001_lost.sql": "DROP TABLE one;" });
    const { databases } = await init();
    expect(databases[0]!.migrations.problems).toEqual([
      "drizzle/0001_lost.sql is not in Drizzle's journal",
    ]);
    const { exitCode, stdout } = await runCli(["check", "--static"], { cwd });
    expect(exitCode).toBe(0);
    expect(stdout).toContain("drizzle/0001_lost.sql is not in Drizzle's journal");
  });

  it("writes a config that can be checked with where Lockstep itself would not run the folder, and says why", async () => {
    lay({
      "Cargo.toml": '[dependencies]\nsqlx = "0.9"\n',
      "migrations/1_one.sql": one,
      "migrations/seed.sql": "INSERT INTO one VALUES (1);",
    });
    const { databases } = await init();
    expect(databases.map(line)).toEqual([
      ". migrations sqlx looked-at migrations DATABASE_URL lockstep.config.mjs",
    ]);
    expect(databases[0]!.migrations.problems).toEqual([
      "migrations/seed.sql is not named as sqlx names its files",
    ]);
    const { exitCode, stdout } = await runCli(["check", "--static"], { cwd });
    expect(exitCode).toBe(0);
    expect(stdout).toContain("migrations/seed.sql");
    expect(stdout).toContain("1 statement in 1 file");
  });

  it("proposes no lockstep migrate where another tool applies the migrations, whose ledger is not kept", async () => {
    lay({
      "tsconfig.json": "{}",
      "go.mod": "require github.com/jackc/tern/v2 v2.3.0\n",
      "migrations/001_one.sql": one,
      "compose.yaml": "services: {}\n",
    });
    const report = await init();
    expect(report.databases.map(line)).toEqual([
      ". migrations tern others migrations DATABASE_URL lockstep.config.ts",
    ]);
    expect(report.pipeline.proposed).toBeUndefined();
    const shown = await runCli(["init"], { cwd });
    expect(shown.stdout.replaceAll(/\s+/g, " ")).toContain(
      "Lockstep does not keep tern's ledger, and lockstep migrate refuses the folder",
    );
    const { exitCode, stderr } = await runCli(["migrate", "--url", "postgres://nowhere/x"], {
      cwd,
    });
    expect(exitCode).toBe(2);
    expect(stderr.replaceAll(/\s+/g, " ")).toContain("go on with `tern migrate`");
  });

  it("writes nothing on a dry run, and shows what it would write", async () => {
    lay(layouts[0]!.files);
    const before = readdirSync(cwd);
    const { databases } = await init({ dryRun: true });
    expect(readdirSync(cwd)).toEqual(before);
    expect(databases[0]!.config).toMatchObject({
      state: "shown",
      text: expect.stringContaining('migrations: { folder: "migrations" }'),
    });
  });

  it("fits the proposed pipeline to the config and the variable of the project", async () => {
    lay(layouts[5]!.files);
    const { pipeline } = await init({ pipeline: "github-actions" });
    const text = pipeline.proposed!.files[0]!.text;
    expect(text).toContain(
      "npx lockstep deploy -c packages/shop/lockstep.config.ts --env production",
    );
    expect(text).toContain("SHOP_URL: ${{ secrets.SHOP_URL }}");
    expect(pipeline.proposed!.does).toMatch(
      / This is for packages\/shop\/lockstep\.config\.ts alone\. .*\(EVENTS_DATABASE_URL\): npx lockstep migrate -c (\S+) && npx lockstep gate -c \1$/,
    );
  });

  it("leaves what a project itself builds and starts, and proposes nothing of Node's for other programs", async () => {
    lay({
      "package.json": '{ "scripts": { "build": "turbo build", "start": "node server" } }',
      "migrations/0001_one.sql": one,
      Procfile: "release: npm run old\nweb: npm run serve\nworker: node worker.js\n",
    });
    const [procfile, scripts] = (await init()).pipeline.proposed!.files;
    expect(procfile!.text).toBe(
      "release: npm run release\nweb: npm run serve\nworker: node worker.js\n",
    );
    expect(JSON.parse(scripts!.text)).toMatchObject({
      scripts: { build: "turbo build && lockstep contract build", start: "node server" },
    });
    // Node runs its tests alone.
    lay({ "Cargo.toml": "", "package.json": '{ "scripts": { "test": "playwright test" } }' });
    const { proposed, notProposed } = (await init()).pipeline;
    expect(proposed).toBeUndefined();
    expect(notProposed).toContain("no program of Node's (Cargo.toml)");
    expect((await init({ pipeline: "heroku" })).pipeline.proposed?.id).toBe("heroku");
  });

  it("gives the proposed files the product's names, and puts them into the chart that is there", async () => {
    lay({
      "apps/api/package.json": "{}",
      "apps/api/migrations/0001_one.sql": one,
      "package.json": '{ "name": "@acme/Flower_Shop" }',
      "charts/cache/Chart.yaml": "apiVersion: v2\nname: cache\n",
      "charts/flower-shop/Chart.yaml": "apiVersion: v2\nname: flower-shop\n",
    });
    const { pipeline } = await init();
    const { id, files } = pipeline.proposed!;
    expect([id, ...files.map(({ path }) => path)]).toEqual([
      "helm",
      "charts/flower-shop/templates/migrate.yaml",
      "charts/flower-shop/templates/flower-shop.yaml",
    ]);
    expect(files[0]!.text).toContain("name: flower-shop-migrate\n");
    expect(files[0]!.text).toContain(
      "command: [npx, lockstep, migrate, -c, apps/api/lockstep.config.mjs]",
    );
    const { proposed } = (await init({ pipeline: "kubernetes" })).pipeline;
    expect(proposed!.does).toContain("job/flower-shop-migrate-VERSION");
    expect(JSON.stringify(proposed)).not.toContain("storefront");
  });

  it("proposes nothing where the pipeline runs Lockstep, and names the place", async () => {
    lay({
      ...layouts[0]!.files,
      ".github/workflows/ci.yml": `on: { push: { branches: [main] } }
jobs:
  deploy:
    runs-on: ubuntu-latest
    environment: production
    steps:
      - run: npx lockstep deploy
        env: { DATABASE_URL: "\${{ secrets.DATABASE_URL }}" }
`,
    });
    const { pipeline } = await init();
    expect(pipeline.proposed).toBeUndefined();
    expect(pipeline.lockstep).toEqual([
      { value: "lockstep deploy", because: ".github/workflows/ci.yml:7" },
    ]);
  });

  it("never reads a value: a password in .env is nowhere in what it says", async () => {
    lay({ "migrations/0001_one.sql": "SELECT 1", ".env": "DB_URL=postgres://u:hush@db/shop\n" });
    const report = await init();
    expect(report.databases[0]!.urlEnv).toEqual({ value: "DB_URL", because: ".env:1" });
    expect(JSON.stringify(report)).not.toContain("hush");
    expect(readFileSync(join(cwd, "lockstep.config.mjs"), "utf8")).not.toContain("hush");
  });

  it("leaves somebody else's file of the config's name alone", async () => {
    lay({
      "db/shop/migrations/0001_one.sql": "SELECT 1",
      "db/shop/migrations/0002_two.sql": "SELECT 1",
      "db/events/migrations/0001_one.sql": "SELECT 1",
      "lockstep.events.config.mjs": "// mine",
    });
    expect(await failureOf(() => init())).toMatchObject({ code: "file-unwritable", exitCode: 2 });
    expect(readFileSync(join(cwd, "lockstep.events.config.mjs"), "utf8")).toBe("// mine");
  });

  it("says what it needs where there are no migrations, and what those are that it cannot read", async () => {
    lay({ "package.json": "{}", "src/migrations/20260101_one.ts": "export {};" });
    const failure = await failureOf(() => init());
    expect(failure).toMatchObject({ code: "nothing-to-set-up", exitCode: 2 });
    expect(failure.found).toContain("src/migrations are code of JavaScript");
    expect(readdirSync(cwd).toSorted()).toEqual(["package.json", "src"]);
  });

  it("prints what it found, wrote and proposes, and what to run next", async () => {
    lay(layouts[3]!.files);
    const { stdout, exitCode } = await runCli(["init"], { cwd });
    expect(exitCode).toBe(0);
    for (const part of [
      "1 migration of prisma in prisma/migrations",
      "DIRECT_URL (prisma/schema.prisma:4)",
      "lockstep.config.ts, written; read it",
      "proposed for Fly.io",
      'release_command = "npm run release"',
      "npx lockstep check",
    ])
      expect(stdout).toContain(part);
  });
});
