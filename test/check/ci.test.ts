import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { temporaryFolder, type TemporaryFolder } from "../support/folder.ts";

const root = join(import.meta.dirname, "../..");
const read = (name: string): Record<string, any> => parse(readFileSync(join(root, name), "utf8"));

const loader = pathToFileURL(
  join(
    dirname(createRequire(import.meta.url).resolve("jiti/package.json")),
    "lib/jiti-register.mjs",
  ),
).href;

/** A repository with a new migration that blocks writes, and programs `npx` and `gh` that stand in for the real ones. */
function repository(): TemporaryFolder {
  const folder = temporaryFolder({
    "migrations/0001_users.sql": "CREATE TABLE users (id bigint PRIMARY KEY, age int);",
    "bin/npx": [
      "#!/usr/bin/env bash",
      'while [[ "$1" == --* ]]; do shift; done',
      "shift",
      `exec ${process.execPath} --import ${loader} ${join(root, "test/cli/lockstep-process.ts")} "$@"`,
    ].join("\n"),
    "bin/gh": [
      "#!/usr/bin/env bash",
      'echo "$@" >>"$GH_CALLS"',
      'if [[ "$*" == *--paginate* ]]; then echo "$GH_COMMENTS"; fi',
    ].join("\n"),
  });
  for (const name of ["npx", "gh"]) chmodSync(join(folder.path, "bin", name), 0o755);
  const git = (...args: readonly string[]) =>
    execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", ...args], {
      cwd: folder.path,
      stdio: "pipe",
    });
  git("init", "--quiet", "--initial-branch=main");
  git("add", ".");
  git("commit", "--quiet", "-m", "one");
  git("switch", "--quiet", "-c", "feature");
  folder.write("migrations/0002_age.sql", "CREATE INDEX users_age ON users (age);");
  return folder;
}

function bash(folder: TemporaryFolder, script: string, env: Readonly<Record<string, string>>) {
  return spawnSync("bash", ["-c", script], {
    cwd: folder.path,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      HOME: folder.path,
      PATH: `${join(folder.path, "bin")}:${process.env["PATH"]}`,
      RUNNER_TEMP: folder.path,
      GITHUB_OUTPUT: join(folder.path, "output"),
      GITHUB_STEP_SUMMARY: join(folder.path, "summary"),
      GITHUB_ACTION_PATH: root,
      GITHUB_REPOSITORY: "acme/shop",
      GH_CALLS: join(folder.path, "calls"),
      GH_COMMENTS: "",
      ...env,
    },
  });
}

/** Whole processes that compile as they start: slow where many run at once. */
const patience = 180_000;

describe("action.yml", () => {
  const action = read("action.yml");
  const [check, comment, end] = action["runs"].steps as Record<string, any>[];

  it("is a composite action whose expressions name what there is", () => {
    expect(action["runs"].using).toBe("composite");
    const text = JSON.stringify(action);
    for (const [, name] of text.matchAll(/inputs\.([a-z-]+)/g))
      expect(Object.keys(action["inputs"])).toContain(name);
    const script = readFileSync(join(root, "ci/github/check.sh"), "utf8");
    for (const [, name] of text.matchAll(/steps\.check\.outputs\.([a-z-]+)/g))
      expect(script).toContain(`echo "${name}=`);
    // An expression inside of a script would let a branch's name run as code.
    for (const { run } of action["runs"].steps) expect(run).not.toContain("${{");
  });

  it(
    "annotates, writes its reports and outputs, and ends with the check's exit code",
    { timeout: patience },
    () => {
      using folder = repository();
      const env = { LOCKSTEP_ACTION_ARGUMENTS: "--static --no-pipeline" };
      const { status, stdout, stderr } = bash(folder, check!["run"], env);
      expect([status, stderr]).toEqual([0, ""]);
      expect(stdout).toMatch(/^::error file=migrations\/0002_age\.sql,line=1,endLine=1,/m);
      const outputs = Object.fromEntries(
        readFileSync(join(folder.path, "output"), "utf8")
          .trim()
          .split("\n")
          .map((line) => line.split("=") as [string, string]),
      );
      expect(outputs["exit-code"]).toBe("1");
      const markdown = readFileSync(outputs["markdown"]!, "utf8");
      expect(markdown.startsWith("<!-- lockstep-check -->\n")).toBe(true);
      expect(readFileSync(join(folder.path, "summary"), "utf8")).toBe(markdown);
      expect(JSON.parse(readFileSync(outputs["sarif"]!, "utf8"))).toMatchObject({
        version: "2.1.0",
      });
      expect(bash(folder, end!["run"], { LOCKSTEP_ACTION_EXIT_CODE: "1" }).status).toBe(1);
      expect(bash(folder, end!["run"], { LOCKSTEP_ACTION_EXIT_CODE: "" }).status).toBe(2);
    },
  );

  it(
    "says in the report that the check could not be done, over what an earlier run left",
    { timeout: patience },
    () => {
      using folder = repository();
      folder.write("lockstep.md", "<!-- lockstep-check -->\nall is well");
      folder.write("lockstep.sarif", "{}");
      const env = { LOCKSTEP_ACTION_ARGUMENTS: "--static --base not-there.sql" };
      expect(bash(folder, check!["run"], env).status).toBe(0);
      expect(readFileSync(join(folder.path, "output"), "utf8")).toContain("exit-code=2\n");
      const markdown = readFileSync(join(folder.path, "lockstep.md"), "utf8");
      expect(markdown.startsWith("<!-- lockstep-check -->\n")).toBe(true);
      expect(markdown).toContain("could not be done");
      expect(markdown).not.toContain("all is well");
      expect(existsSync(join(folder.path, "lockstep.sarif"))).toBe(false);
    },
  );

  it("writes one comment, and the next run writes over it", () => {
    using folder = repository();
    writeFileSync(join(folder.path, "report.md"), "<!-- lockstep-check -->\n");
    const env = {
      LOCKSTEP_ACTION_COMMENT: join(folder.path, "report.md"),
      LOCKSTEP_ACTION_PULL_REQUEST: "7",
    };
    expect(bash(folder, comment!["run"], env).status).toBe(0);
    expect(bash(folder, comment!["run"], { ...env, GH_COMMENTS: "41\n42" }).status).toBe(0);
    const calls = readFileSync(join(folder.path, "calls"), "utf8").trim().split("\n");
    expect(calls[1]).toContain("--method POST repos/acme/shop/issues/7/comments");
    expect(calls[3]).toContain("--method PATCH repos/acme/shop/issues/comments/41");
    const none = bash(folder, comment!["run"], { ...env, LOCKSTEP_ACTION_COMMENT: "" });
    expect([none.status, none.stdout]).toEqual([0, "there is no report to comment with\n"]);
  });
});

describe("elsewhere", () => {
  it("the pre-commit hook checks the files that it is given", { timeout: patience }, () => {
    using folder = repository();
    const [hook] = parse(readFileSync(join(root, ".pre-commit-hooks.yaml"), "utf8"));
    const { status, stdout } = bash(folder, `${hook.entry} migrations/0002_age.sql`, {});
    expect(status).toBe(1);
    expect(stdout).toContain("error[blocking-index-build] line 1");
  });

  it("the page shows the hook as it is, and YAML that can be copied", () => {
    const page = readFileSync(join(root, "docs/ci.md"), "utf8");
    const blocks = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, text]) => parse(text!));
    const [shown] = blocks.find((block) => "repos" in block).repos[0].hooks;
    const [hook] = parse(readFileSync(join(root, ".pre-commit-hooks.yaml"), "utf8"));
    const { description: _, ...rest } = hook;
    expect(shown).toEqual(rest);
    expect(page).not.toContain("OWNER");
  });

  it("the GitLab job writes the reports that it names", { timeout: patience }, () => {
    using folder = repository();
    const job = read("ci/gitlab/lockstep.gitlab-ci.yml")["lockstep-check"];
    const { status, stderr } = bash(folder, job.script.at(-1), {
      LOCKSTEP_CHECK_ARGUMENTS: "--static",
    });
    expect([status, stderr]).toEqual([1, ""]);
    const { codequality, junit } = job.artifacts.reports;
    const [issue] = JSON.parse(readFileSync(join(folder.path, codequality), "utf8"));
    expect(issue).toMatchObject({ location: { path: "migrations/0002_age.sql" } });
    expect(readFileSync(join(folder.path, junit), "utf8")).toContain("<testsuites ");
    expect(job.variables.GIT_DEPTH).toBe("0");
  });
});
