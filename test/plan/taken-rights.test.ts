import { afterAll, beforeAll, expect, it } from "vitest";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { planOf } from "./operation-harness.ts";

const base = `
CREATE TABLE "It'em" (id integer PRIMARY KEY, name text);
GRANT SELECT, INSERT ON "It'em" TO pg_monitor;
CREATE POLICY own ON "It'em" USING (id > 1);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touch BEFORE UPDATE ON "It'em" FOR EACH ROW EXECUTE FUNCTION touch();
`;

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch({ major: 18 });
});
afterAll(() => scratch.close());

const titles = (steps: readonly { readonly title: string }[] | undefined) =>
  steps?.map(({ title }) => title);

it("what another role has of things that are there is taken in the contract phase, and what is new is closed at once", async () => {
  const early = [
    `GRANT UPDATE ON "It'em" TO pg_monitor`,
    `CREATE POLICY more ON "It'em" USING (true)`,
    "CREATE TABLE made (id integer PRIMARY KEY)",
    "GRANT ALL ON made TO pg_monitor",
    "REVOKE DELETE ON made FROM pg_monitor",
    "ALTER TABLE made ENABLE ROW LEVEL SECURITY",
    "CREATE FUNCTION secret() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "REVOKE ALL ON FUNCTION secret() FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION touch() TO pg_monitor",
  ];
  const late = [
    `REVOKE ALL ON "It'em" FROM pg_monitor`,
    `GRANT SELECT ON "It'em" TO pg_monitor`,
    `ALTER TABLE "It'em" ENABLE ROW LEVEL SECURITY`,
    `CREATE POLICY less ON "It'em" AS RESTRICTIVE USING (id > 2)`,
    `ALTER TABLE "It'em" DISABLE TRIGGER touch`,
    "REVOKE EXECUTE ON FUNCTION touch() FROM PUBLIC",
    "REVOKE pg_monitor FROM pg_signal_backend",
  ];
  // Whom a privilege is given to is not whom one is taken from, though it is one function.
  const naive = [...early.slice(0, -1), ...late, ...early.slice(-1)].join(";\n");
  const { plan } = await planOf(scratch, base, naive);
  expect(titles(plan?.expand)).toEqual(early);
  expect(titles(plan?.contract)).toEqual(late);
});

it("what both releases would need in its own form is refused", async () => {
  const { parts } = await planOf(
    scratch,
    base,
    `ALTER POLICY own ON "It'em" USING (id > 5);
     REVOKE ALL ON "It'em" FROM pg_monitor; GRANT SELECT, UPDATE ON "It'em" TO pg_monitor`,
  );
  expect(parts).toMatchObject([
    { kind: "refused", why: expect.stringContaining("under the policy") },
    { kind: "kept" },
    { kind: "refused", why: expect.stringContaining("more than there was before") },
  ]);
});
