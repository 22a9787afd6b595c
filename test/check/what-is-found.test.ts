import { expect, it } from "vitest";
import { runCli } from "../cli/run-cli.ts";
import { temporaryFolder } from "../support/folder.ts";
import { checked } from "./checked.ts";

it("takes a number of any length in front of a migration's folder", async () => {
  using folder = temporaryFolder({
    "prisma/migrations/01_init/migration.sql": "CREATE TABLE users (id int);",
    "prisma/migrations/02_more/migration.sql": "ALTER TABLE users ADD COLUMN age int;",
  });
  const { report } = await checked(folder, "--static", "--no-pipeline");
  expect(report.selection["places"]).toMatchObject([{ folder: "prisma/migrations" }]);
});

it("says of a pipeline without a known step that it was read", async () => {
  const found = async (files: Record<string, string>, ...options: string[]) => {
    using folder = temporaryFolder({ "alembic/versions/0001_a.py": "", ...files });
    const { stderr } = await runCli(["check", "--static", ...options], { cwd: folder.path });
    return stderr.replaceAll(/\s+/g, " ");
  };
  const ship = { ".gitlab-ci.yml": "ship:\n  script: [shipit]\n" };
  expect(await found(ship)).toContain(
    "`migrations.tool`; and in the pipeline's files (1 read) no command that is known to migrate or to deploy",
  );
  expect(await found({})).toContain("`migrations.tool`; and no file of a deploy pipeline");
  expect(await found(ship, "--no-pipeline")).toContain("`migrations.tool` next");
});
