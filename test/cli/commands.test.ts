import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkedOutCommit } from "../../src/cli/git-commit.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { Product, unwrapped } from "../deploy/product.ts";
import { temporaryFolder } from "../support/folder.ts";
import { ndjson, runCli } from "./run-cli.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch();
});
afterAll(() => scratch.close());

describe("resolve", () => {
  const broken = "CREATE TABLE extra (id int); SELECT 1/0;";

  it("settles a migration that was finished by hand, and migrate goes on after it", async () => {
    await using product = await Product.make(scratch, { migrations: { "0003_extra.sql": broken } });
    expect((await product.run(["migrate"])).exitCode).toBe(3);
    product.write({ migrations: { "0003_extra.sql": "CREATE TABLE extra (id int);" } });

    const refused = await product.run(["resolve", "0003_extra", "--as", "applied"]);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain("error[resolve-refused]");
    await product.ask("CREATE TABLE extra (id int)");
    const settled = await product.run(["resolve", "0003_extra", "--as", "applied"]);
    expect(settled).toMatchObject({ exitCode: 0, stderr: "" });
    expect(settled.stdout).toBe(
      "resolved: 0003_extra counts as applied\n  why       the catalog agrees\n",
    );
    expect((await product.run(["resolve", "0003_extra", "--as", "applied"])).stdout).toBe(
      "nothing to do: 0003_extra already counts as applied\n",
    );
    expect((await product.run(["migrate"])).stdout).toBe(
      "nothing to do: every migration is applied\n",
    );
  });

  it("by force records the reason, and says what does not agree", async () => {
    await using product = await Product.make(scratch);
    const argv = [
      "resolve",
      "0002_confirmed",
      "--as",
      "applied",
      "--force",
      "restored from a dump",
    ];
    await product.run(["migrate"]);
    await product.ask(
      "ALTER TABLE orders DROP COLUMN confirmed_at; DELETE FROM lockstep.migration WHERE id = '0002_confirmed'",
    );
    const { exitCode, stdout } = await product.run([...argv, "--json"]);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      version: 1,
      migration: "0002_confirmed",
      as: "applied",
      changed: true,
      differences: [expect.stringContaining("public.orders.confirmed_at")],
    });
    const status = await product.run(["status", "--no-drift"]);
    expect(status.stdout).toContain("(resolved: restored from a dump)");
    const back = await product.run(["resolve", "0002_confirmed", "--as", "rolled-back"]);
    expect(back.stdout).toContain("counts as rolled back: it is pending again");
  });

  it("needs to be told as what", async () => {
    await using product = await Product.make(scratch);
    const { exitCode, stderr } = await product.run(["resolve", "0001_shop"]);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr:
        "error[usage]: required option '--as <outcome>' not specified\n  next      lockstep resolve --help\n",
    });
  });
});

describe("blockers", () => {
  it("shows who waits for whom and how to end it; what it tells scripts proves that it is still the same", async () => {
    await using product = await Product.make(scratch);
    await product.run(["migrate"]);
    expect(await product.run(["blockers"])).toMatchObject({
      exitCode: 0,
      stdout: "nobody waits for a lock in production\n",
    });
    await using holder = await product.hold("BEGIN; LOCK orders; SELECT 'it''s a secret', 1");
    await using waiter = await product.hold("SELECT 1");
    const waiting = waiter.query("SELECT count(*)::int AS n FROM orders WHERE note = 'private'");
    const list = async () => product.run(["blockers"]);
    await expect.poll(async () => (await list()).exitCode).toBe(1);
    const { stdout } = await list();
    expect(stdout).toMatch(
      /^waiting: pid \d+ postgres \(holder\) for .*\n {2}query {5}SELECT count\(\*\)::int AS n FROM orders WHERE note = \$1\n {2}behind {4}pid \d+$/m,
    );
    expect(stdout).not.toMatch(/secret|private/);
    expect(stdout).toMatch(/^1 session waiting behind 1; ending one rolls its transaction back\./m);
    const named = await product.run(["blockers", "-e", "production"]);
    expect(named.stdout).toMatch(/^ {2}to end {4}lockstep blockers end \d+ -e production$/m);
    const { waiting: told } = JSON.parse((await product.run(["blockers", "--json"])).stdout) as {
      waiting: readonly { blockers: readonly { pid: number; since: string; query: string }[] }[];
    };
    const { since, query, pid: number } = told[0]!.blockers[0]!;
    const pid = String(number);
    expect(stdout).toMatch(new RegExp(`^ {2}to end {4}lockstep blockers end ${pid}$`, "m"));

    for (const [argv, found] of [
      [["--since", since, "--query", "SELECT other"], "another query"],
      [
        ["--since", new Date(Date.parse(since) - 60_000).toISOString(), "--query", query],
        "a newer transaction",
      ],
    ] as const) {
      const refused = await product.run(["blockers", "end", pid, ...argv]);
      expect([refused.exitCode, unwrapped(refused.stderr)]).toEqual([
        1,
        expect.stringContaining(found),
      ]);
    }
    const ended = await product.run(["blockers", "end", pid, "--since", since, "--query", query]);
    expect(ended).toEqual({ exitCode: 0, stdout: `ended: pid ${pid}\n`, stderr: "" });
    expect((await waiting).rows).toEqual([{ n: 0 }]);
    expect(await holder.lost).toBeInstanceOf(Error);
  });

  it("as JSON names the blockers beside those who wait", async () => {
    await using product = await Product.make(scratch);
    await product.run(["migrate"]);
    await using holder = await product.hold("BEGIN; LOCK orders");
    await using waiter = await product.hold("SELECT 1");
    const waiting = waiter.query("TABLE orders");
    await expect.poll(async () => (await product.run(["blockers", "--json"])).exitCode).toBe(1);
    const [report] = ndjson((await product.run(["blockers", "--format", "ndjson"])).stdout);
    expect(report).toMatchObject({
      type: "result",
      version: 1,
      environment: "production",
      waiting: [
        {
          query: "TABLE orders",
          blockers: [
            { application: "holder", query: "BEGIN; LOCK orders", since: expect.any(String) },
          ],
        },
      ],
    });
    await holder.query("COMMIT");
    await waiting;
  });
});

describe("a line that cannot be understood", () => {
  const nowhere = temporaryFolder();
  afterAll(() => nowhere[Symbol.dispose]());
  it.each([
    [["migrat"], "unknown command 'migrat'", "did you mean migrate?"],
    [["gate", "--jsn"], "unknown option '--jsn'", "did you mean --json?"],
    [
      ["migrate", "--lock-timeout", "soon"],
      "option '--lock-timeout <ms>' argument 'soon' is invalid. a whole number is needed",
      "lockstep migrate --help",
    ],
    [
      ["gate", "--format", "xml"],
      "option '--format <format>' argument 'xml' is invalid. Allowed choices are text, json, ndjson.",
      "lockstep gate --help",
    ],
    [
      ["status", "more"],
      "too many arguments for 'status'. Expected 0 arguments but got 1.",
      "lockstep status --help",
    ],
    [
      ["blockers", "end", "1", "--query", "x", "--since", "yesterday"],
      "option '--since <time>' argument 'yesterday' is invalid. a time as lockstep blockers prints it is needed",
      "lockstep blockers --help",
    ],
    [["migrate"], "no database was named", "lockstep … --url postgres://user@host/database"],
  ])("%j", async (argv, what, next) => {
    const { exitCode, stdout, stderr } = await runCli(argv, { cwd: nowhere.path });
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr.split("\n")[0]).toBe(`error[usage]: ${what}`);
    expect(stderr).toContain(next);
    const json = await runCli([...argv, "--json"], { cwd: nowhere.path });
    expect(json).toMatchObject({ exitCode: 2, stderr: "" });
    expect(JSON.parse(json.stdout)).toMatchObject({ error: { code: "usage" } });
  });

  it("is helped by what can be", async () => {
    const help = await runCli(["--help"], { cwd: nowhere.path });
    expect(help).toMatchObject({ exitCode: 0, stderr: "" });
    expect(help.stdout).toContain("Exit codes: 0 fine");
    const none = await runCli([], { cwd: nowhere.path });
    expect(none).toMatchObject({ exitCode: 2, stdout: "" });
    expect(none.stderr).toBe(help.stdout);
    expect((await runCli(["--version"], { cwd: nowhere.path })).stdout).toMatch(
      /^\d+\.\d+\.\d+\n$/,
    );
  });
});

it("the commit is read from git's files, in every layout that git itself made", () => {
  using folder = temporaryFolder({ "file.txt": "" });
  const git = (...args: readonly string[]) =>
    execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", ...args], {
      cwd: folder.path,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  expect(checkedOutCommit(folder.path)).toBeUndefined();
  git("init", "-b", "main");
  expect(checkedOutCommit(folder.path)).toBeUndefined();
  git("add", ".");
  git("commit", "-m", "one");
  const head = git("rev-parse", "HEAD");
  mkdirSync(join(folder.path, "deep/er"), { recursive: true });
  expect(checkedOutCommit(join(folder.path, "deep/er"))).toBe(head);
  git("pack-refs", "--all");
  expect(checkedOutCommit(folder.path)).toBe(head);
  git("worktree", "add", "-b", "side", "tree");
  expect(checkedOutCommit(join(folder.path, "tree"))).toBe(head);
  git("checkout", "--detach");
  expect(checkedOutCommit(folder.path)).toBe(head);
});
