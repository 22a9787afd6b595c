import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startScratch, type Scratch } from "../../../src/scratch/index.ts";
import { planOf, testOperation, type OperationCase } from "../operation-harness.ts";

const base = `
CREATE TABLE project (id integer PRIMARY KEY, workspace integer NOT NULL, name text NOT NULL DEFAULT '');
INSERT INTO project SELECT n, 1, 'p' || n FROM generate_series(1, 20) n;
`;

/** Migrations of several statements, of which some build on others. */
const cases: readonly Omit<OperationCase, "base">[] = [
  {
    name: "a new table that refers to a key which the same migration makes",
    naive: `
ALTER TABLE project ADD CONSTRAINT project_pair UNIQUE (workspace, id);
CREATE TABLE note (id integer PRIMARY KEY, workspace integer, project integer);
ALTER TABLE note ADD CONSTRAINT note_project FOREIGN KEY (workspace, project) REFERENCES project (workspace, id);
CREATE INDEX note_project_index ON note (project);`,
    old: "INSERT INTO project (id, workspace) VALUES (txid_current()::integer + 1000, 1)",
    new: "INSERT INTO note (id, workspace, project) VALUES (txid_current()::integer, 1, 1)",
  },
  {
    name: "new tables that refer to each other",
    naive: `
CREATE TABLE a (id integer PRIMARY KEY, b integer);
CREATE TABLE b (id integer PRIMARY KEY, a integer REFERENCES a);
ALTER TABLE a ADD CONSTRAINT a_b FOREIGN KEY (b) REFERENCES b;
CREATE INDEX ON a (b);
ALTER TABLE a ADD COLUMN c text DEFAULT 'x';
ALTER TABLE a ALTER COLUMN c SET DEFAULT 'y';
COMMENT ON TABLE a IS 'first';`,
    old: "INSERT INTO project (id, workspace) VALUES (txid_current()::integer + 1000, 1)",
    new: "INSERT INTO a (id) VALUES (txid_current()::integer)",
  },
  {
    name: "statements that DO blocks make repeatable",
    naive: `
DO $$ BEGIN
  CREATE TYPE mood AS ENUM ('sad', 'ok');
EXCEPTION WHEN duplicate_object THEN NULL;
END $$;
DO $$ BEGIN
  ALTER TABLE project ADD COLUMN workspace integer;
EXCEPTION WHEN duplicate_column THEN NULL;
END $$;
DO $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_catalog.pg_constraint WHERE conname = 'project_named') THEN
    ALTER TABLE project ADD CONSTRAINT project_named CHECK (name <> 'none');
  END IF;
END $$;`,
    old: "INSERT INTO project (id, workspace) VALUES (txid_current()::integer + 1000, 1)",
    new: "INSERT INTO project (id, workspace, name) VALUES (txid_current()::integer + 5000, 1, 'x')",
  },
];

describe.each([14, 18])("statements together on Postgres %i", (major) => {
  let scratch: Scratch;
  beforeAll(async () => {
    scratch = await startScratch({ major });
  });
  afterAll(() => scratch.close());

  it.each(cases)(
    "$name",
    async (one) => {
      const { remains } = await testOperation(scratch, { ...one, base });
      expect(remains).toEqual([]);
    },
    120_000,
  );

  it("leaves a DO block whole that does more", async () => {
    const { parts, plan } = await planOf(
      scratch,
      base,
      `DO $$ BEGIN IF EXISTS (SELECT FROM project) THEN ALTER TABLE project DROP COLUMN name; END IF; END $$`,
    );
    expect(plan).toBeUndefined();
    expect(parts).toMatchObject([{ kind: "refused", title: expect.stringContaining("DO $$") }]);
  });
});
