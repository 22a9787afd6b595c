import { expect, it } from "vitest";
import type { Plan } from "../../../src/plan/model.ts";
import { planOf } from "../operation-harness.ts";
import { testCases } from "./cases.ts";

const base = `
CREATE TABLE project (id integer PRIMARY KEY, workspace integer NOT NULL, name text NOT NULL DEFAULT '');
INSERT INTO project SELECT n, 1, 'p' || n FROM generate_series(1, 20) n;
`;

const old = "INSERT INTO project (id, workspace) VALUES (txid_current()::integer + 1000, 1)";
const leavesNothing = ({ remains }: Plan) => expect(remains).toEqual([]);

const subject = {
  operation: "statements that build on others",
  does: "what is built on comes before what builds on it, phase by phase",
};

/** Migrations of several statements, of which some build on others. */
testCases(
  subject,
  { base, old, new: "SELECT 1" },
  [
    {
      name: "a new table that gets a type, a trigger and a check of functions which are made after it",
      naive: `
CREATE TABLE note (id integer PRIMARY KEY, project integer REFERENCES project);
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE project SET name = 'noted' WHERE id = NEW.project; RETURN NEW; END $$;
CREATE FUNCTION is_known(n integer) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT n IS NOT NULL';
CREATE TRIGGER touch AFTER INSERT ON note FOR EACH ROW EXECUTE FUNCTION touch();
ALTER TABLE note ADD COLUMN mood mood, ADD CONSTRAINT known CHECK (is_known(project));`,
      also: leavesNothing,
      new: "INSERT INTO note VALUES (-txid_current()::integer, 1, 'ok')",
    },
    {
      name: "a new table that refers to a key which the same migration makes",
      naive: `
ALTER TABLE project ADD CONSTRAINT project_pair UNIQUE (workspace, id);
CREATE TABLE note (id integer PRIMARY KEY, workspace integer, project integer);
ALTER TABLE note ADD CONSTRAINT note_project FOREIGN KEY (workspace, project) REFERENCES project (workspace, id);
CREATE INDEX note_project_index ON note (project);`,
      also: leavesNothing,
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
      also: leavesNothing,
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
      also: leavesNothing,
      new: "INSERT INTO project (id, workspace, name) VALUES (-txid_current()::integer, 1, 'x')",
    },
  ],
  (scratch) => {
    it("leaves a DO block whole that does more", async () => {
      const { parts, plan } = await planOf(
        scratch(),
        base,
        `DO $$ BEGIN IF EXISTS (SELECT FROM project) THEN ALTER TABLE project DROP COLUMN name; END IF; END $$`,
      );
      expect(plan).toBeUndefined();
      expect(parts).toMatchObject([{ kind: "refused", title: expect.stringContaining("DO $$") }]);
    });
  },
);
