import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { runCli, type CliOptions } from "../cli/run-cli.ts";
import { temporaryFolder } from "../support/folder.ts";

const folder = temporaryFolder();
const home = temporaryFolder();

const first = "CREATE TABLE users (id bigint PRIMARY KEY, email text);\n";
const second = "CREATE INDEX users_email ON users (email);\n";

beforeEach(() => {
  for (const place of [folder, home]) {
    rmSync(place.path, { recursive: true, force: true });
    mkdirSync(place.path, { recursive: true });
  }
  folder.write("migrations/0001_users.sql", first);
  folder.write("migrations/0002_email.sql", second);
});

afterAll(() => {
  for (const place of [folder, home]) place[Symbol.dispose]();
});

async function ask(args: readonly string[] = [], options: Partial<CliOptions> = {}) {
  const { env, ...rest } = options;
  return runCli(["check", "--static", "--no-pipeline", "--all", ...args], {
    cwd: folder.path,
    build: "one",
    ...rest,
    env: { LOCKSTEP_SCRATCH_HOME: home.path, ...env },
  });
}

function kept(): readonly string[] {
  const [own] = readdirSync(home.path);
  if (own === undefined) return [];
  const place = join(home.path, own, "answers");
  return readdirSync(place).map((name) => join(place, name));
}

describe("the same question", () => {
  it.each(["text", "json", "ndjson", "sarif", "github", "gitlab", "junit", "markdown", "gcc"])(
    "has the same answer, byte by byte, as %s",
    async (format) => {
      const args = ["--format", format, "--report", `json=${join(folder.path, "copy.json")}`];
      const made = await ask(args);
      const copy = readFileSync(join(folder.path, "copy.json"));
      rmSync(join(folder.path, "copy.json"));
      const again = await ask(args);
      expect(kept()).toHaveLength(1);
      expect(again).toEqual(made);
      expect(again.exitCode).toBe(1);
      expect(readFileSync(join(folder.path, "copy.json")).equals(copy)).toBe(true);
      expect(await ask([...args, "--no-cache"])).toEqual(made);
    },
  );
});

/** Each changes one thing that an answer hangs on. */
const ingredients: Record<string, () => Promise<Parameters<typeof ask>>> = {
  "a file's bytes": async () => {
    folder.write("migrations/0002_email.sql", second.replace("INDEX", "INDEX CONCURRENTLY"));
    return [];
  },
  "a comment": async () => {
    folder.write(
      "migrations/0002_email.sql",
      `-- lockstep: ignore blocking-index-build because small\n${second}`,
    );
    return [];
  },
  "the history before": async () => {
    folder.write("migrations/0001_users.sql", first.replace("email text", "email varchar(9)"));
    return [["migrations/0002_email.sql"]];
  },
  "another file": async () => {
    folder.write("migrations/0003_drop.sql", "DROP TABLE users;\n");
    return [];
  },
  "a file's name": async () => {
    rmSync(join(folder.path, "migrations/0002_email.sql"));
    folder.write("migrations/0002_index.sql", second);
    return [];
  },
  "the format": async () => [["--format", "gcc"]],
  "the width of the terminal": async () => [[], { columns: 110 }],
  colours: async () => [[], { env: { FORCE_COLOR: "1" } }],
  "the version of Postgres": async () => [["--pg", "14"]],
  "the mode of transactions": async () => [["--transaction", "statement"]],
  "a base": async () => {
    folder.write("base.sql", "CREATE TABLE users (id bigint);\n");
    return [["--base", "base.sql", "migrations/0002_email.sql"]];
  },
  "the config's rules": async () => {
    folder.write("lockstep.config.json", '{"check":{"rules":{"lock-without-timeout":"error"}}}');
    return [];
  },
  "a baseline": async () => {
    const { exitCode } = await ask(["--write-baseline", "known"]);
    expect(exitCode).toBe(0);
    return [];
  },
  sizes: async () => {
    folder.write(
      "sizes.json",
      JSON.stringify({
        version: 1,
        takenAt: "2026-01-01T00:00:00Z",
        serverVersion: "18.0",
        relations: { "public.users": { rows: 7_000_000, bytes: 1e9, totalBytes: 2e9 } },
      }),
    );
    return [["--sizes", "sizes.json"]];
  },
  "the code of Lockstep": async () => [[], { build: "two" }],
};

describe.each(Object.keys(ingredients))("%s", (name) => {
  it("is part of the question", async () => {
    await ask();
    const before = kept();
    const [args, options] = await ingredients[name]!();
    const asked = await ask(args, options);
    expect(kept().length).toBe(before.length + 1);
    expect(asked).toEqual(await ask([...(args ?? []), "--no-cache"], options));
  });
});

it("reads the pipeline each time, and looks for the way back", async () => {
  const asked = async () =>
    runCli(["check", "--static", "--all"], {
      cwd: folder.path,
      build: "one",
      env: { LOCKSTEP_SCRATCH_HOME: home.path },
    });
  const without = await asked();
  folder.write(
    ".github/workflows/deploy.yml",
    "on: push\njobs:\n  production:\n    runs-on: ubuntu-latest\n    steps:\n      - run: npx prisma migrate deploy || true\n",
  );
  const withIt = await asked();
  expect(withIt.stdout).toContain("pipeline-ignores-migration-failure");
  expect(withIt.stdout).not.toBe(without.stdout);
  expect(await asked()).toEqual(withIt);
  expect(kept()).toHaveLength(2);

  folder.write("other/1_users.up.sql", first);
  const up = async () => ask(["other/1_users.up.sql"]);
  await up();
  folder.write("other/1_users.down.sql", "DROP TABLE users;\n");
  await up();
  expect(kept()).toHaveLength(4);
});

it("is not kept when something is changed, run on a server, or asked for without", async () => {
  await ask(["--no-cache"]);
  await ask(["--write-baseline", "known"]);
  await ask([], { env: { LOCKSTEP_ANSWERS: "off" } });
  await ask(["--fix"]);
  expect(kept()).toEqual([]);
});

describe("what lies there is not believed when it", () => {
  const damages: Record<string, (bytes: Buffer) => Buffer> = {
    "is empty": () => Buffer.alloc(0),
    "is cut off": (bytes) => bytes.subarray(0, bytes.length - 7),
    "has another byte": (bytes) => {
      const other = Buffer.from(bytes);
      other[other.length - 3]! ^= 1;
      return other;
    },
    "has another exit code": (bytes) =>
      Buffer.from(bytes.toString("latin1").replace('"exitCode":1', '"exitCode":0'), "latin1"),
    "is something else": () => Buffer.from("{}\nno hazard found\n"),
  };
  it.each(Object.keys(damages))("%s", async (name) => {
    const made = await ask();
    const [path] = kept();
    const whole = readFileSync(path!);
    writeFileSync(path!, damages[name]!(whole));
    expect(await ask()).toEqual(made);
    expect(readFileSync(path!).equals(whole)).toBe(true);
  });
});

it("is asked of the kept answer, and of nothing else", async () => {
  await ask();
  const [path] = kept();
  const text = "as it was kept\n";
  const body = `${JSON.stringify({ exitCode: 0, lengths: [text.length] })}\n${text}`;
  const digest = createHash("sha256").update(body).digest("hex");
  writeFileSync(path!, `${digest}\n${body}`);
  expect(await ask()).toEqual({ exitCode: 0, stdout: "as it was kept\n", stderr: "" });
});

it("is made when the folder is open to others", async () => {
  await ask();
  const [own] = readdirSync(home.path);
  const place = join(home.path, own!);
  chmodSync(join(place, "answers"), 0o777);
  const [path] = kept();
  writeFileSync(path!, "{}");
  expect((await ask()).exitCode).toBe(1);
  expect(readFileSync(path!, "utf8")).toBe("{}");
});

it("is kept by several at once", async () => {
  const answers = await Promise.all(Array.from({ length: 8 }, async () => ask()));
  for (const answer of answers) expect(answer).toEqual(answers[0]);
  expect(kept()).toHaveLength(1);
});
