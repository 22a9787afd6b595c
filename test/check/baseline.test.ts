import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder, type TemporaryFolder } from "../support/folder.ts";
import { checked, rulesOf, schema } from "./checked.ts";

const workflow =
  "on: { push: { branches: [main] } }\nconcurrency: production\njobs:\n  deploy:\n    runs-on: ubuntu-latest\n    environment: production\n    steps:\n      - run: npx lockstep migrate || true\n";

const base = ["--base", "schema.sql", "--static"];

const entriesOf = (folder: TemporaryFolder) =>
  JSON.parse(readFileSync(join(folder.path, "lockstep.baseline.json"), "utf8")) as {
    readonly rule: string;
    readonly file: string;
    readonly reason: string;
  }[];

const filesOf = (folder: TemporaryFolder) => new Set(entriesOf(folder).map(({ file }) => file));

describe("--write-baseline", () => {
  it("takes out entries that are no longer needed, without complaining about them", async () => {
    using folder = temporaryFolder({
      "schema.sql": schema,
      "a.sql": "CREATE INDEX users_age ON users (age);\n",
    });
    await checked(folder, "--write-baseline", "first", ...base, "a.sql");
    folder.write("a.sql", "CREATE INDEX users_org ON users (org_id);\n");
    const stale = await checked(folder, ...base, "a.sql");
    expect(rulesOf(stale.report)).toContain("stale-suppression:2");
    const { exitCode, report } = await checked(
      folder,
      "--write-baseline",
      "second",
      ...base,
      "a.sql",
    );
    expect(exitCode).toBe(0);
    expect(report.findings).toEqual([]);
    expect(report.notes.at(-1)?.message).toBe(
      "lockstep.baseline.json: 2 findings accepted, 0 kept, 2 removed",
    );
    expect(new Set(entriesOf(folder).map(({ reason }) => reason))).toEqual(new Set(["second"]));
  });

  it("keeps entries about what was not looked at: other files, the pipeline, rules that are off", async () => {
    using folder = temporaryFolder({
      "migrations/0001_users.sql": schema,
      "migrations/0002_age.sql": "CREATE INDEX users_age ON users (age);\n",
      ".github/workflows/deploy.yml": workflow,
    });
    await checked(folder, "--static", "--all", "--write-baseline", "all");
    const pipeline = ".github/workflows/deploy.yml";
    expect(filesOf(folder)).toContain(pipeline);
    expect(filesOf(folder)).toContain("migrations/0002_age.sql");
    const before = entriesOf(folder);
    await checked(folder, "--static", "--all", "--no-pipeline", "--write-baseline", "again");
    expect(new Set(entriesOf(folder))).toEqual(new Set(before));
    await checked(folder, "--static", "--write-baseline", "one", "migrations/0001_users.sql");
    expect(new Set(entriesOf(folder))).toEqual(new Set(before));
    folder.write(
      "lockstep.config.json",
      '{ "check": { "rules": { "blocking-index-build": "off" } } }',
    );
    await checked(folder, "--static", "--all", "--write-baseline", "off");
    expect(entriesOf(folder).map(({ rule }) => rule)).toContain("blocking-index-build");
    rmSync(join(folder.path, "migrations/0002_age.sql"));
    await checked(folder, "--static", "--all", "--write-baseline", "gone");
    expect(filesOf(folder)).not.toContain("migrations/0002_age.sql");
  });
});
