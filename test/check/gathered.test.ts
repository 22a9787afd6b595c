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
