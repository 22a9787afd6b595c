import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../support/folder.ts";
import { checked, schema } from "./checked.ts";

const files = {
  "schema.sql": schema,
  "a.sql": "ALTER TABLE users ADD COLUMN a int;\n",
  "b.sql": "ALTER TABLE users ADD COLUMN b int;\n",
  "c.sql": "SET lock_timeout = '3s';\nALTER TABLE users ADD COLUMN c int;\n",
  "d.sql":
    "-- lockstep: ignore lock-without-timeout because it is night\nALTER TABLE users ADD COLUMN d int;\n",
  "e.sql": "ALTER TABLE users ADD COLUMN e int;\n",
};
const all = ["a.sql", "b.sql", "c.sql", "d.sql", "e.sql"];
const base = ["--base", "schema.sql", "--static"];

it("tells once for all files that nothing limits the wait for a lock", async () => {
  using folder = temporaryFolder(files);
  const { report } = await checked(folder, ...base, ...all);
  expect(report.findings).toEqual([
    expect.objectContaining({
      rule: "lock-without-timeout",
      file: "a.sql",
      line: 1,
      message: "waits for a lock on public.users without a limit; b.sql and e.sql do so too",
      others: [
        { file: "b.sql", line: 1, column: 1 },
        { file: "e.sql", line: 1, column: 1 },
      ],
    }),
  ]);
  expect(report.summary.warnings).toBe(1);
  const alone = await checked(folder, ...base, "a.sql");
  expect(alone.report.findings).toEqual([
    expect.objectContaining({ message: "waits for a lock on public.users without a limit" }),
  ]);
});

it("puts the limit into each of the files", async () => {
  using folder = temporaryFolder(files);
  const { report } = await checked(folder, "--fix", ...base, ...all);
  expect(report.findings).toEqual([]);
});

it("accepts every place of it", async () => {
  using folder = temporaryFolder(files);
  await checked(folder, "--write-baseline", "the role has a limit", ...base, ...all);
  const { exitCode, report } = await checked(folder, ...base, ...all);
  expect(report.findings).toEqual([]);
  expect(report.suppressed).toHaveLength(4);
  expect(exitCode).toBe(0);
});

it("puts nothing beside what must be alone in its query", async () => {
  const files = {
    "schema.sql": schema,
    "a.sql": "ALTER TABLE users ADD COLUMN a int;\n",
    "b.sql": "CREATE INDEX users_age ON users (age);\n",
    "c.sql": "ALTER TABLE users ALTER COLUMN email SET NOT NULL;\n",
    "d.sql": "CREATE INDEX CONCURRENTLY IF NOT EXISTS users_org ON users (org_id);\n",
  };
  using folder = temporaryFolder(files);
  await checked(folder, "--fix", ...base, "--transaction", "query", ...Object.keys(files).slice(1));
  const read = (name: string) => readFileSync(join(folder.path, name), "utf8");
  expect(read("a.sql")).toBe(`SET LOCAL lock_timeout = '5s';\n${files["a.sql"]}`);
  expect(read("b.sql")).toBe("CREATE INDEX CONCURRENTLY users_age ON users (age);\n");
  expect(read("c.sql")).toBe(`SET LOCAL lock_timeout = '5s';\n${files["c.sql"]}`);
  expect(read("d.sql")).toBe("CREATE INDEX CONCURRENTLY users_org ON users (org_id);\n");
});
