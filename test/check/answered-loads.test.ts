import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { temporaryFolder } from "../support/folder.ts";

const folder = temporaryFolder();
const home = temporaryFolder();

afterAll(() => {
  for (const place of [folder, home]) place[Symbol.dispose]();
});

const bundle = join(import.meta.dirname, "../../dist/bundle/lockstep.cjs");
const start = `require(${JSON.stringify(bundle)}).main(process.argv.slice(1)).then((code) => { process.exitCode = code; })`;

/** Exit code and text of the modules that the built command line (`npm run build`) has loaded when it ends. */
function ask() {
  const listed = join(folder.path, "modules.json");
  const list = join(folder.path, "list.cjs");
  folder.write(
    "list.cjs",
    `process.on("exit", () => require("node:fs").writeFileSync(${JSON.stringify(listed)}, JSON.stringify(Object.keys(require.cache))));`,
  );
  const { status } = spawnSync(
    process.execPath,
    ["--require", list, "--eval", start, "--", "check", "--static", "--no-pipeline", "one.sql"],
    {
      cwd: folder.path,
      env: { ...process.env, LOCKSTEP_SCRATCH_HOME: home.path, LOCKSTEP_ANSWERS: "" },
    },
  );
  const modules = JSON.parse(readFileSync(listed, "utf8")) as string[];
  return { status, modules, texts: modules.map((path) => readFileSync(path, "utf8")) };
}

/** What it takes to look at statements, by names that only its code has: predictions, rules, the walk through a file. */
const judges = ["predictAlterTable(", "lockHeldDuringWork=", "evaluateFile("];

it("an answer that was kept is given without parser, predictions and rules", () => {
  folder.write("one.sql", "CREATE INDEX users_email ON users (email);\n");
  const made = ask();
  const again = ask();
  expect([made.status, again.status]).toEqual([1, 1]);
  for (const name of judges) {
    const has = (text: string) => text.includes(name);
    expect([name, made.texts.filter(has).length, again.texts.filter(has).length]).toEqual([
      name,
      1,
      0,
    ]);
  }
  const isParser = (path: string) => path.includes("libpg-query");
  expect(made.modules.some(isParser)).toBe(true);
  expect(again.modules.filter(isParser)).toEqual([]);
});
