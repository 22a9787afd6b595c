import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readDrizzleConfig, readMigrations } from "../../src/tools/index.ts";
import { failureOf } from "../support/failure.ts";
import { temporaryFolder } from "../support/folder.ts";

const values = `{
  dialect: "postgresql", out: "./db/out", schema: ["./a.ts", \`./b/*.ts\`],
  migrations: { schema: "app", "table": "applied", prefix: "timestamp" },
  dbCredentials: { url: process.env.NOBODY_SET_THIS!.trim() },
}`;

describe("drizzle.config", () => {
  it.each([
    [
      "drizzle.config.ts",
      `import { defineConfig } from "drizzle-kit";\nexport default defineConfig(${values});`,
    ],
    [
      "drizzle.config.ts",
      `import type { Config } from "drizzle-kit";\nexport default ${values} satisfies Config;`,
    ],
    ["drizzle.config.ts", `const config = ${values} as Config;\nexport default config;`],
    ["drizzle.config.js", `module.exports = ${values.replace("!", "")};`],
    [
      "drizzle.config.json",
      '{"dialect":"postgresql","out":"db/out","schema":["./a.ts","./b/*.ts"],"migrations":{"schema":"app","table":"applied"}}',
    ],
  ])("%s is read without being run", async (name, text) => {
    using folder = temporaryFolder({ [name]: text });
    expect(await readDrizzleConfig(folder.path)).toEqual({
      file: join(folder.path, name),
      dialect: "postgresql",
      out: join(folder.path, "db", "out"),
      schema: ["./a.ts", "./b/*.ts"],
      ledger: { schema: "app", table: "applied" },
    });
  });

  it("that computes its paths is run, without Drizzle Kit at hand", async () => {
    using folder = temporaryFolder({
      "drizzle.config.ts": `import { defineConfig } from "drizzle-kit";
        import { out } from "./paths";
        export default defineConfig({ dialect: "postgresql", out, schema: "a.ts" });`,
      "paths.ts": 'export const out: string = ["db", "out"].join("/");',
    });
    expect(await readDrizzleConfig(folder.path)).toMatchObject({
      out: join(folder.path, "db", "out"),
      schema: ["a.ts"],
      ledger: { schema: "drizzle", table: "__drizzle_migrations" },
    });
  });

  it("that cannot be run is not guessed at", async () => {
    using folder = temporaryFolder({
      "drizzle.config.ts": `if (!process.env.NOBODY_SET_THIS) throw new Error("NOBODY_SET_THIS is missing");
        const table = process.env.NOBODY_SET_THIS;
        export default { dialect: "postgresql", migrations: { table } };`,
    });
    expect(await failureOf(() => readDrizzleConfig(folder.path))).toEqual({
      code: "config-invalid",
      exitCode: 2,
      what: "drizzle.config.ts does not tell where Drizzle keeps its folder and ledger",
      expected: "a file that can be loaded",
      found: "NOBODY_SET_THIS is missing",
      from: "drizzle.config.ts",
      why: "the file computes what it says, and what it needs for that (an environment variable, a package) is not here",
      next: [
        "write `out`, `schema` and `migrations` of drizzle.config.ts as plain texts",
        'or name the ledger in lockstep.config: migrations.ledger: { schema: "drizzle", table: "__drizzle_migrations" }',
      ],
    });
  });

  it.each([
    ["drizzle.config.json", "[]"],
    ["drizzle.config.json", "{"],
    ["drizzle.config.ts", "export default 3;"],
    ["drizzle.config.ts", "export default {"],
    ["drizzle.config.ts", "export default { migrations: { table: 3 } };"],
  ])("%s with %s is refused", async (name, text) => {
    using folder = temporaryFolder({ [name]: text });
    expect((await failureOf(() => readDrizzleConfig(folder.path))).code).toBe("config-invalid");
  });

  it("is absent", async () => {
    using folder = temporaryFolder();
    expect(await readDrizzleConfig(folder.path)).toBeUndefined();
  });
});

describe("the ledger of a folder", () => {
  const journal = '{"dialect":"postgresql","entries":[{"idx":0,"when":1,"tag":"0000_a"}]}';
  const config = (out: string) =>
    `export default { dialect: "postgresql", out: "${out}", migrations: { schema: "app" } };`;
  const ledgerOf = async (files: Readonly<Record<string, string>>, folder: string) => {
    using temporary = temporaryFolder({
      [`${folder}/meta/_journal.json`]: journal,
      [`${folder}/0000_a.sql`]: "SELECT 1;",
      ...files,
    });
    return (await readMigrations({ folder, cwd: temporary.path })).ledger;
  };

  it("is where the drizzle.config beside the folder says", async () => {
    const files = { "packages/db/drizzle.config.ts": config("./out") };
    expect(await ledgerOf(files, "packages/db/out")).toMatchObject({
      schema: "app",
      table: "__drizzle_migrations",
    });
  });

  it("is where the drizzle.config of the working folder says", async () => {
    const files = { "drizzle.config.ts": config("packages/db/out") };
    expect(await ledgerOf(files, "packages/db/out")).toMatchObject({ schema: "app" });
  });

  it("is not where the drizzle.config of another folder says", async () => {
    const files = { "drizzle.config.ts": config("elsewhere") };
    expect(await ledgerOf(files, "packages/db/out")).toMatchObject({ schema: "drizzle" });
  });
});
