import { execFileSync } from "node:child_process";
import { chmodSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config/index.ts";
import { migrationTools } from "../../src/config/define-config.ts";
import { failureOf } from "../support/failure.ts";
import { temporaryFolder, type TemporaryFolder } from "../support/folder.ts";

type Files = Readonly<Record<string, string>>;

const load = async (files: Files, path?: string) => {
  using folder = temporaryFolder(files);
  return await loadConfig({ cwd: folder.path, path });
};

const failureFor = async (files: Files, path?: string) => failureOf(() => load(files, path));

let build: TemporaryFolder;

/** Lockstep as it is installed: only then Node itself loads JavaScript, in a test the runner would. */
beforeAll(() => {
  const root = join(import.meta.dirname, "../..");
  build = temporaryFolder();
  symlinkSync(join(root, "node_modules"), join(build.path, "node_modules"));
  build.write("package.json", '{ "type": "module" }');
  build.write(
    "tsconfig.json",
    JSON.stringify({
      extends: join(root, "tsconfig.build.json"),
      compilerOptions: { rootDir: join(root, "src"), outDir: "dist", types: [], noCheck: true },
      files: [join(root, "src/config/index.ts")],
      include: [],
    }),
  );
  build.write(
    "print.mjs",
    `import { loadConfig } from "./dist/config/index.js";
     const result = await loadConfig({ cwd: process.argv[2] }).catch(
       ({ code, exitCode, explanation }) => ({ code, exitCode, ...explanation }));
     console.log(JSON.stringify(result));`,
  );
  execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", build.path]);
});

afterAll(() => {
  build[Symbol.dispose]();
});

const inNode = (files: Files) => {
  using folder = temporaryFolder(files);
  const args = [join(build.path, "print.mjs"), folder.path];
  const printed = execFileSync(process.execPath, args, { encoding: "utf8" });
  return JSON.parse(printed) as Record<string, unknown>;
};

describe("a config is read from", () => {
  const body = '{ migrations: { folder: "./m" } }';
  const imported = `import { defineConfig } from "lockstep/config";\nexport default defineConfig(${body});`;
  it.each([
    ["lockstep.config.ts", imported],
    ["lockstep.config.ts", `export default ${body} satisfies object as unknown;`],
    ["lockstep.config.mts", imported],
    ["lockstep.config.mjs", imported],
    ["lockstep.config.mjs", `export default ${body};`],
    ["lockstep.config.js", imported],
    ["lockstep.config.js", `export default ${body};`],
    ["lockstep.config.js", `module.exports = ${body};`],
    ["lockstep.config.json", '{ "migrations": { "folder": "./m" } }'],
  ])("%s: %s", async (name, text) => {
    expect(inNode({ [name]: text })).toEqual({
      config: { migrations: { folder: "./m" } },
      file: name,
      folder: expect.stringContaining("lockstep-test-"),
    });
  });

  it.each(["lockstep.config.ts", "lockstep.config.mjs"])(
    "%s that imports TypeScript of the project's",
    async (name) => {
      const text =
        'import { folder } from "./folder.ts";\nexport default { migrations: { folder } };';
      const files = { "folder.ts": 'export const folder: string = "./m";', [name]: text };
      expect(inNode(files)).toMatchObject({ config: { migrations: { folder: "./m" } } });
    },
  );

  it("the file that --config names, whose folder is where its paths start", async () => {
    using folder = temporaryFolder({ "deploy/shop.ts": `export default ${body};` });
    expect(await loadConfig({ cwd: folder.path, path: "deploy/shop.ts" })).toEqual({
      config: { migrations: { folder: "./m" } },
      file: "deploy/shop.ts",
      folder: join(folder.path, "deploy"),
    });
  });

  it("nowhere, when there is none", async () => {
    const { config, file } = await load({ "package.json": "{}", "lockstep.contract.json": "{}" });
    expect({ config, file }).toEqual({ config: {}, file: undefined });
  });

  it("the example of the README, every key", async () => {
    const everything = `export default {
      migrations: { folder: "m", tool: "drizzle", ledger: { schema: "a", table: "b" } },
      contract: { drizzle: ["a.ts", "b/*.ts"], casing: "snake_case", env: ["A"], role: "app",
        checks: [{ name: "n", sql: "SELECT 1", equals: 1 }, { name: "m", sql: "SELECT NULL", equals: null }], output: "c.json" },
      environments: { production: { urlEnv: "U", baseUrl: "https://shop.example.com" }, staging: { url: undefined, env: false } },
      deploy: { env: { command: "fly ssh console -C env" }, command: "a", rollback: "b", probes: "p/*.ts", baseUrl: "http://127.0.0.1:1", probeTimeoutMs: 1, instanceTtlMs: 0 },
      runner: { lockTimeoutMs: 1, statementTimeoutMs: 1, attempts: 1, retryForMs: 1, concurrentWaitMs: 1, waitForRunnerMs: 1,
        allowOutOfOrder: true, allowMissing: false },
      scratch: { major: 17, urlEnv: "S" },
    };`;
    expect((await load({ "lockstep.config.ts": everything })).config.scratch?.major).toBe(17);
  });
});

describe("a config that is not there", () => {
  it("although --config names it", async () => {
    expect(await failureFor({ "lockstep.config.ts": "" }, "lockstep.confg.ts")).toEqual({
      code: "config-not-found",
      exitCode: 2,
      what: "there is no config file lockstep.confg.ts",
      expected:
        "the file named by --config, or lockstep.config.ts (.mts, .js, .mjs, .json) in the working folder",
      found: "in that folder: lockstep.config.ts",
      from: "--config",
      why: "the name is misspelt, or the command was run in another folder than usual",
      next: ["--config lockstep.config.ts"],
    });
    expect(await failureFor({}, "gone/lockstep.config.ts")).toMatchObject({
      found: "no such file",
      next: ["correct --config, or run the command in the folder of the config"],
    });
  });

  it.each([
    ["lockstep.conf.ts", "lockstep.config.ts"],
    ["lockstep.config.cjs", "lockstep.config.js"],
    ["Lockstep.config.json", "lockstep.config.json"],
  ])("but almost: %s", async (name, meant) => {
    const failure = await failureFor({ [name]: "" });
    expect(failure).toMatchObject({
      code: "config-not-found",
      exitCode: 2,
      what: `${name} is not read: it is almost, but not quite, the name of a config`,
      expected:
        "lockstep.config.ts, lockstep.config.mts, lockstep.config.js, lockstep.config.mjs, lockstep.config.json",
      found: name,
      from: name,
      why: "a config that is passed over in silence would be missed only in production",
    });
    expect(failure.next).toEqual([`rename it to ${meant}`, `or name it: --config ${name}`]);
  });
});

describe("a key", () => {
  const lines = (...inner: readonly string[]) => ({
    "lockstep.config.ts": ["export default {", ...inner, "};"].join("\n"),
  });

  it("that is misspelt is answered with the right one", async () => {
    expect(
      await failureFor(
        lines('  migrations: { folder: "m" },', '  deploy: { baseURL: "http://a" },'),
      ),
    ).toEqual({
      code: "config-invalid",
      exitCode: 2,
      what: 'lockstep.config.ts: there is no key "deploy.baseURL"',
      expected: '"baseUrl"',
      found: '"baseURL"',
      from: "lockstep.config.ts:3",
      why: "a misspelt key would be passed over in silence, so it is refused",
      next: ['lockstep.config.ts:3: write "baseUrl" instead of "baseURL"'],
    });
  });

  it("in the wrong place is answered with the right place", async () => {
    expect(await failureFor(lines('  baseUrl: "http://a",'))).toMatchObject({
      what: 'lockstep.config.ts: there is no key "baseUrl"',
      expected:
        "one of migrations, contract, environments, deploy, runner, backfill, scratch, sanitise, check",
      next: ['lockstep.config.ts:2: move it: "environments.NAME.baseUrl" is where it belongs'],
    });
  });

  it("that nothing is like is answered with what there is", async () => {
    expect(await failureFor(lines('  scratch: { "docker image": "postgres" },'))).toMatchObject({
      what: 'lockstep.config.ts: there is no key "scratch.docker image"',
      expected: "one of major, urlEnv, url",
      found: '"docker image"',
      from: "lockstep.config.ts:2",
      next: ['lockstep.config.ts:2: remove "scratch.docker image"'],
    });
  });

  it("of any wrong kind is named with its path, and never with its value", async () => {
    const wrongs: readonly (readonly [
      text: string,
      key: string,
      expected: string,
      found: string,
    ])[] = [
      ["migrations: {}", "migrations.folder", "a text", "nothing"],
      ['migrations: "m"', "migrations", "an object", "a text"],
      ["migrations: { folder: 3 }", "migrations.folder", "a text", "3"],
      [
        'migrations: { folder: "m", tool: "drizle" }',
        "migrations.tool",
        `one of ${migrationTools.map((tool) => JSON.stringify(tool)).join(", ")}`,
        '"drizle"',
      ],
      ["contract: { drizzle: [3] }", "contract.drizzle[0]", "a text", "3"],
      ["contract: { drizzle: {} }", "contract.drizzle", "a text, or a list of texts", "an object"],
      ["contract: { migrations: false }", "contract.migrations", "true", "false"],
      [
        'contract: { env: ["A"] }',
        "contract",
        "exactly one of drizzle, prisma, typeorm, sequelize, mikroOrm, kysely, queries, migrations, command and file",
        "env",
      ],
      [
        'contract: { file: "a", drizzle: "b" }',
        "contract",
        "exactly one of drizzle, prisma, typeorm, sequelize, mikroOrm, kysely, queries, migrations, command and file",
        "file, drizzle",
      ],
      ['contract: { file: "a", env: "A" }', "contract.env", "a list", "a text"],
      [
        'contract: { file: "a", checks: [{ name: "n" }] }',
        "contract.checks[0].sql",
        "a text",
        "nothing",
      ],
      ["environments: []", "environments", "an object, with a name for each entry", "a list"],
      ["environments: { a: { url: null } }", "environments.a.url", "a text", "null"],
      [
        'deploy: { baseUrl: "shop:secret@host" }',
        "deploy.baseUrl",
        "a URL that begins with http:// or https://",
        "a text",
      ],
      ["deploy: { command: () => {} }", "deploy.command", "a text", "a function"],
      [
        'runner: { lockTimeoutMs: "3s" }',
        "runner.lockTimeoutMs",
        "a whole number, 0 or more",
        "a text",
      ],
      ["runner: { attempts: 0 }", "runner.attempts", "a whole number, 1 or more", "0"],
      ["runner: { retryForMs: 1.5 }", "runner.retryForMs", "a whole number, 0 or more", "1.5"],
      ["runner: { allowMissing: 1 }", "runner.allowMissing", "true or false", "1"],
      ["scratch: { major: 13 }", "scratch.major", "one of 14, 15, 16, 17, 18", "13"],
    ];
    for (const [text, key, expected, found] of wrongs) {
      const failure = await failureFor(lines(`  ${text},`));
      expect(failure).toMatchObject({
        code: "config-invalid",
        exitCode: 2,
        what: `lockstep.config.ts: "${key}" is not right`,
        expected,
        found,
        why: "it was mistyped, or what it is computed from is not set here",
      });
      expect(failure.from).toMatch(/^lockstep\.config\.ts(:2)?$/);
      expect(JSON.stringify(failure)).not.toContain("secret");
    }
  });

  it.each([
    ["export default 3;", "3"],
    ["export default () => ({});", "a function"],
    ["export default Promise.resolve({}).then((x) => x) && [];", "a list"],
  ])("is missing altogether: %s", async (text, found) => {
    expect(await failureFor({ "lockstep.config.ts": text })).toMatchObject({
      what: "lockstep.config.ts: the config is not right",
      expected: "an object",
      found,
      next: ["lockstep.config.ts: the default export: write an object"],
    });
  });

  it("is not the only one: all are listed, each with its line", async () => {
    const failure = await failureFor(
      lines("  runer: {},", "  scratch: {", "    major: 9,", "  },", "  deploy: { comand: 3 },"),
    );
    expect(failure).toMatchObject({
      what: 'lockstep.config.ts: there is no key "runer" (and 2 more)',
      from: "lockstep.config.ts:2",
      next: [
        'lockstep.config.ts:2: write "runner" instead of "runer"',
        "lockstep.config.ts:4: scratch.major: write one of 14, 15, 16, 17, 18",
        'lockstep.config.ts:6: write "command" instead of "comand"',
      ],
    });
  });
});

describe("a config that cannot be loaded", () => {
  it.each(["lockstep.config.ts", "lockstep.config.mjs"])("because it throws: %s", async (name) => {
    const failure = inNode({
      [name]:
        '// The URL is checked here.\nconst url = "postgres://me:s3cret@w0rd@db/shop";\n\nthrow new Error(`not reachable: ${url}\\nmore`);\nexport default {};',
    });
    expect(failure).toEqual({
      code: "config-invalid",
      exitCode: 2,
      what: `${name} cannot be loaded`,
      expected: "a module that can be run here and now",
      found: "not reachable: postgres://me:***@db/shop",
      from: `${name}:4`,
      why: "the file, or something it imports, fails when it is run",
      next: [`correct ${name}:4`],
    });
  });

  it("because something it imports throws", async () => {
    const failure = await failureFor({
      "lockstep.config.ts": 'import "./env.ts";\nexport default {};',
      "env.ts": "const a: number = 1;\nif (a) throw new TypeError('DATABASE_URL is not set');",
    });
    expect(failure.found).toBe("DATABASE_URL is not set");
    expect(failure.from).toMatch(/env\.ts:2$/);
  });

  it.each(["lockstep.config.ts", "lockstep.config.mjs"])(
    "because a package is missing: %s",
    async (name) => {
      const files = { [name]: 'import "a-package-nobody-has";\nexport default {};' };
      expect(inNode(files)).toMatchObject({
        code: "config-invalid",
        found: expect.stringContaining("Cannot find module 'a-package-nobody-has'"),
        why: "a package or file that it imports is not here; images for production often leave development packages out",
        next: [`install what is missing, or import less in ${name}`],
      });
    },
  );

  it.each([
    ["lockstep.config.ts", "export default {\n  migrations: {,\n};"],
    ["lockstep.config.mts", "export default {\n  migrations: {,\n};"],
    ["lockstep.config.mjs", "export default {\n  migrations: {,\n};"],
    ["lockstep.config.json", '{\n  "migrations": {,\n}'],
  ])("because it is not the language its name says: %s", async (name, text) => {
    expect(inNode({ [name]: text })).toMatchObject({
      code: "config-invalid",
      what: `${name} cannot be loaded`,
      found: expect.stringMatching(/Unexpected token|Expected property name/),
      from: `${name}:2`,
    });
  });

  it("because nothing is exported by default", async () => {
    for (const name of ["lockstep.config.ts", "lockstep.config.mjs"])
      expect(await failureFor({ [name]: "export const config = {};" })).toEqual({
        code: "config-invalid",
        exitCode: 2,
        what: `${name} has no default export`,
        expected: "export default …",
        found: "no default export",
        from: name,
        why: "what is not exported by default is not read",
        next: [`write \`export default\` in front of it in ${name}`],
      });
  });
});

describe("what was compiled", () => {
  const config = "export default { migrations: { folder: 'm' as string } };";

  it("is kept in the project's node_modules, for this user alone", async () => {
    using folder = temporaryFolder({ "lockstep.config.ts": config, "node_modules/.keep": "" });
    await loadConfig({ cwd: folder.path });
    const cache = join(folder.path, "node_modules/.cache/lockstep");
    const [compiled] = readdirSync(cache);
    expect(readFileSync(join(cache, compiled!), "utf8")).toContain("folder");
  });

  it("is not taken from a folder that others may write to", async () => {
    using folder = temporaryFolder({
      "lockstep.config.ts": config,
      "node_modules/.cache/lockstep/.keep": "",
    });
    chmodSync(join(folder.path, "node_modules/.cache/lockstep"), 0o777);
    await loadConfig({ cwd: folder.path });
    expect(readdirSync(join(folder.path, "node_modules/.cache/lockstep"))).toEqual([".keep"]);
  });

  it("is not needed: a cache that cannot be made is done without", async () => {
    using folder = temporaryFolder({
      "lockstep.config.ts": config,
      "node_modules/.cache": "a file where the folder would be",
    });
    expect((await loadConfig({ cwd: folder.path })).config.migrations?.folder).toBe("m");
  });
});
