import { expect, it } from "vitest";
import { catalogOf } from "../../src/contract/scratch-ddl.ts";
import { startScratch } from "../../src/scratch/index.ts";
import { temporaryFolder } from "../support/folder.ts";

it("keeps what the same statements leave, for the same code and major", async () => {
  using home = temporaryFolder({});
  await using scratch = await startScratch();
  const kept = { build: "a", env: { LOCKSTEP_SCRATCH_HOME: home.path } };
  const statements = [
    { sql: "CREATE TYPE mood AS ENUM ('good')", from: "schema" },
    { sql: "CREATE TABLE t (a int PRIMARY KEY, b mood DEFAULT 'good', c text[])", from: "schema" },
  ];
  let made = 0;
  const counting = new Proxy(scratch, {
    get: (target, name) => {
      if (name === "createDatabase") made++;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
  const first = await catalogOf(counting, statements, kept);
  expect(await catalogOf(counting, statements, kept)).toEqual(first);
  expect(made).toBe(1);
  await catalogOf(counting, statements, { ...kept, build: "b" });
  await catalogOf(counting, statements.slice(0, 1), kept);
  await catalogOf(counting, statements, undefined);
  expect(made).toBe(4);
});
