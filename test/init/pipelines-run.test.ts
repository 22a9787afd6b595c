import { execFile } from "node:child_process";
import { chmodSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { pipelineExamples } from "../../src/init/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { ask } from "../runner/support.ts";
import { temporaryFolder, type TemporaryFolder } from "../support/folder.ts";
import { platforms } from "./platforms.ts";

type PipelineExample = (typeof pipelineExamples)[number];

const run = promisify(execFile);
const lockstep = join(import.meta.dirname, "../../bin/lockstep.js");

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch();
});
afterAll(() => scratch.close());

/** What puts the code into service where the platform does not do it by itself: `deploy.command` of the config. */
const commands: Readonly<Record<string, string>> = {
  vercel: "npx vercel deploy --prod",
  "pm2-over-ssh": "sh deploy/release.sh",
};

/** Programs of other places: each does here what it would do there. */
const programs = {
  // Nothing is fetched: what would be installed is there.
  npm: '[ "$1" = ci ] || exec "$NPM" "$@"',
  ssh: 'shift; echo "$*" | sed "s#/srv/storefront#$SRV#g" | sh',
  rsync: `for last; do :; done; to=$(echo "\${last#*:}" | sed "s#/srv/storefront#$SRV#"); mkdir -p "$to"
for one; do case $one in --*|*:*) ;; *) cp -R "$one" "$to" ;; esac; done`,
  pm2: 'echo "$(basename "$(readlink current)")" >> "$SRV/in-service"',
};
const dependencies = {
  lockstep: `exec "${process.execPath}" "${lockstep}" "$@"`,
  tsc: "true",
  vercel: 'echo "vercel $*" >> "$SRV/in-service"',
};

/** A product whose deploys go by an example, in git. */
async function productOf({ id, files }: PipelineExample): Promise<TemporaryFolder> {
  const script = (text: string) => `#!/bin/sh\n${text}\n`;
  const under = (folder: string, scripts: Readonly<Record<string, string>>) =>
    Object.fromEntries(
      Object.entries(scripts).map(([name, text]) => [`${folder}/${name}`, script(text)]),
    );
  const shims = { ...under("elsewhere", programs), ...under("node_modules/.bin", dependencies) };
  const product = temporaryFolder({
    "package.json": JSON.stringify({
      private: true,
      scripts: { build: "tsc && lockstep contract build", start: "node dist/server.js" },
    }),
    ...Object.fromEntries(files.map(({ path, text }) => [path, text])),
    ...shims,
    "migrations/0001_one.sql": "CREATE TABLE one (id bigint PRIMARY KEY);",
    "lockstep.config.mjs": `export default {
      migrations: { folder: "migrations" }, contract: { migrations: true },
      environments: { production: { urlEnv: "DATABASE_URL" } },
      deploy: { command: ${JSON.stringify(commands[id] ?? "node dist/server.js")} } };`,
    "dist/server.js":
      'require("node:fs").appendFileSync(process.env.SRV + "/in-service", "served\\n");',
    "ecosystem.config.cjs": "module.exports = { apps: [] };",
    "srv/in-service": "",
  });
  for (const path of Object.keys(shims)) chmodSync(join(product.path, path), 0o755);
  await run("git", ["init", "--quiet", "--initial-branch=main"], { cwd: product.path });
  return product;
}

/** What a platform does for one deploy; the exit code of each step, up to the first that fails. */
async function deploy(product: TemporaryFolder, id: string, url: string): Promise<number[]> {
  const cwd = product.path;
  const env = {
    PATH: [join(cwd, "elsewhere"), process.env["PATH"]].join(delimiter),
    NPM: (await run("sh", ["-c", "command -v npm"])).stdout.trim(),
    HOME: cwd,
    SRV: join(cwd, "srv"),
    DATABASE_URL: url,
    SECRET_DATABASE_URL: url,
    CI: "true",
  };
  await run("git", ["add", "--all"], { cwd });
  await run(
    "git",
    ["-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "--quiet", "-m", "release"],
    { cwd },
  );
  const codes: number[] = [];
  for (const { shell, script } of platforms[id]!(cwd)) {
    const [program, ...args] = shell as [string, ...string[]];
    const code = await run(program, [...args, script], { cwd, env }).then(
      () => 0,
      (error: { code: number }) => error.code,
    );
    codes.push(code);
    if (code !== 0) break;
  }
  return codes;
}

/** Two of them; all of them where `LOCKSTEP_PIPELINES=all` asks for them (`npm run test:full`). */
const tried =
  process.env["LOCKSTEP_PIPELINES"] === "all"
    ? pipelineExamples
    : pipelineExamples.filter(({ id }) => ["heroku", "pm2-over-ssh"].includes(id));

it.each(tried.map((example) => [example.platform, example] as const))(
  "%s: what the example has it run applies the migration and puts the code into service; a migration that fails keeps it out",
  async (_platform, example) => {
    const { url } = await scratch.createDatabase();
    using product = await productOf(example);
    const inService = () =>
      readFileSync(join(product.path, "srv/in-service"), "utf8").trimEnd().split("\n");
    const codes = await deploy(product, example.id, url);
    expect(new Set(codes)).toEqual(new Set([0]));
    expect(await ask(url, "SELECT to_regclass('one')::text AS one")).toEqual([{ one: "one" }]);
    const served = inService();
    expect(served).toHaveLength(1);
    expect(served).not.toEqual([""]);
    // Only production has a row that refuses it.
    await ask(url, "INSERT INTO one VALUES (1)");
    product.write(
      "migrations/0002_two.sql",
      "CREATE TABLE two (); ALTER TABLE one ADD CHECK (id > 1);",
    );
    // The run stops half-way, or `check` has a finding before it.
    expect([3, 1]).toContain((await deploy(product, example.id, url)).at(-1));
    expect(await ask(url, "SELECT to_regclass('two')::text AS two")).toEqual([{ two: null }]);
    expect(inService()).toEqual(served);
  },
  60_000,
);
