import { expect, it } from "vitest";
import { readMigrations } from "../../src/tools/index.ts";
import { failureOf } from "../support/failure.ts";
import { temporaryFolder } from "../support/folder.ts";

const idsOf = async (files: readonly string[]) => {
  using root = temporaryFolder(
    Object.fromEntries(files.map((file) => [`supabase/migrations/${file}`, "SELECT 1;"])),
  );
  const { tool, migrations } = await readMigrations({
    folder: "supabase/migrations",
    cwd: root.path,
  });
  expect(tool).toBe("supabase");
  return migrations.map(({ id }) => id);
};

it("passes over a first init of before December 2021, as Supabase does, and over no other", async () => {
  expect(await idsOf(["20200101000000_init.sql", "20200101000001_a.sql"])).toEqual([
    "20200101000001_a",
  ]);
  expect(await idsOf(["20211209000000_init.sql"])).toEqual(["20211209000000_init"]);
  expect(await idsOf(["20200101000000_a.sql", "20200101000001_init.sql"])).toEqual([
    "20200101000000_a",
    "20200101000001_init",
  ]);
});

it("keeps its ledger in one place only", async () => {
  using root = temporaryFolder({ "m/1_a.sql": "SELECT 1;" });
  const read = async () =>
    readMigrations({
      folder: "m",
      cwd: root.path,
      tool: "supabase",
      ledger: { schema: "public" },
    });
  expect(await failureOf(read)).toMatchObject({
    code: "config-invalid",
    found: "public.schema_migrations",
  });
});
