import { flows } from "./flows.ts";
import { addTo, block, columns, open, type ProgramCase } from "./forms.ts";

/** What programs are tried on; every table has a row, so that rows are looked at. */
export const baseSql = `
CREATE TYPE mood AS ENUM ('happy', 'sad');
CREATE TABLE teams (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE members (id int PRIMARY KEY, team_id int CONSTRAINT members_team_fk REFERENCES teams (id), email varchar(50), mood mood);
CREATE TABLE notes (id bigint, body text, done boolean DEFAULT false);
CREATE TABLE "Odd Name" (id int, "Some Column" text);
CREATE INDEX notes_body_idx ON notes (body);
CREATE VIEW open_notes AS SELECT id, body FROM notes WHERE NOT done;
CREATE SCHEMA app;
CREATE TABLE app.settings (key text, value text);
CREATE FUNCTION add_note_column() RETURNS void LANGUAGE plpgsql AS $$ BEGIN ALTER TABLE notes ADD COLUMN added text; END $$;
CREATE FUNCTION add_in_sql() RETURNS void LANGUAGE sql AS $$ ALTER TABLE notes ADD COLUMN by_sql text $$;
CREATE FUNCTION add_through() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM add_note_column(); ALTER TABLE notes ALTER COLUMN added SET DEFAULT 'x'; END $$;
CREATE FUNCTION add_dynamic(target text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE format('ALTER TABLE %I ADD COLUMN dynamic int', target); END $$;
CREATE FUNCTION count_notes() RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT count(*) FROM notes $$;
CREATE PROCEDURE add_by_call() LANGUAGE plpgsql AS $$ BEGIN ALTER TABLE notes ADD COLUMN called int; END $$;
CREATE PROCEDURE add_if_missing() LANGUAGE plpgsql AS $$ BEGIN
  IF NOT EXISTS (SELECT FROM information_schema.columns WHERE table_name = 'notes' AND column_name = 'done') THEN
    ALTER TABLE notes ADD COLUMN done boolean;
  END IF;
END $$;
CREATE FUNCTION calls_itself(n int) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
  IF n > 0 THEN PERFORM calls_itself(n - 1); END IF;
  EXECUTE 'ALTER TABLE notes ADD COLUMN IF NOT EXISTS again int';
END $$;
INSERT INTO teams VALUES (1, 'a');
INSERT INTO members VALUES (1, 1, 'x', 'happy');
INSERT INTO notes VALUES (1, 'b');
`;

/** The condition holds or not, and either is known. */
function decided(name: string, condition: string, declare = ""): ProgramCase {
  return block(
    name,
    `IF ${condition} THEN ${addTo} ELSE LOCK TABLE teams IN SHARE MODE; END IF;`,
    declare,
  );
}

const conditions: readonly ProgramCase[] = [
  decided(
    "a column that is there",
    `EXISTS (${columns} table_name = 'notes' AND column_name = 'body')`,
  ),
  decided(
    "a column that is not there",
    `EXISTS (${columns} table_name = 'notes' AND column_name = 'nothing')`,
  ),
  decided(
    "a column in a schema",
    `EXISTS (${columns} table_schema = 'app' AND table_name = 'settings' AND column_name = 'key')`,
  ),
  decided(
    "a column of another schema",
    `NOT EXISTS (${columns} table_schema = 'public' AND table_name = 'settings')`,
  ),
  decided(
    "a column that may be null",
    `EXISTS (${columns} table_name = 'teams' AND column_name = 'name' AND is_nullable = 'YES')`,
  ),
  decided(
    "a column's type",
    `EXISTS (${columns} table_name = 'members' AND column_name = 'id' AND data_type = 'integer')`,
  ),
  decided(
    "a column's type with a length",
    `EXISTS (${columns} table_name = 'members' AND column_name = 'email' AND data_type = 'character varying')`,
  ),
  decided(
    "a column of an enum",
    `EXISTS (${columns} table_name = 'members' AND column_name = 'mood' AND data_type = 'USER-DEFINED' AND udt_name = 'mood')`,
  ),
  decided(
    "the current schema",
    `EXISTS (${columns} table_schema = current_schema() AND table_name = 'notes')`,
  ),
  decided(
    "one of several columns",
    `EXISTS (${columns} table_name = 'notes' AND column_name IN ('x', 'body'))`,
  ),
  decided(
    "any of several columns",
    `EXISTS (${columns} table_name = 'notes' AND column_name = ANY (ARRAY['x', 'y']))`,
  ),
  decided(
    "columns like a pattern",
    `EXISTS (${columns} table_name = 'notes' AND column_name LIKE 'bo%')`,
  ),
  decided(
    "columns unlike a pattern",
    `EXISTS (${columns} table_name = 'notes' AND column_name NOT LIKE '%o%' AND column_name <> 'id')`,
  ),
  decided(
    "a column of either table",
    `EXISTS (${columns} (table_name = 'notes' OR table_name = 'teams') AND column_name = 'name')`,
  ),
  decided(
    "no column but one",
    `NOT EXISTS (${columns} table_schema = 'public' AND table_name = 'teams' AND NOT (column_name = 'id' OR column_name = 'name'))`,
  ),
  decided(
    "how many columns",
    "(SELECT count(*) FROM information_schema.columns WHERE table_schema = 'public' AND table_name = 'notes') = 3",
  ),
  decided(
    "more columns than",
    "(SELECT count(*) FROM information_schema.columns WHERE table_schema = 'public' AND table_name = 'notes') > 5",
  ),
  decided(
    "a table",
    "EXISTS (SELECT FROM information_schema.tables WHERE table_schema = 'public' AND table_name = 'teams')",
  ),
  decided(
    "a table that is a view",
    "EXISTS (SELECT FROM information_schema.tables WHERE table_name = 'open_notes' AND table_type = 'BASE TABLE')",
  ),
  decided(
    "pg_tables",
    "EXISTS (SELECT FROM pg_tables WHERE schemaname = 'app' AND tablename = 'settings')",
  ),
  decided("pg_views", "EXISTS (SELECT FROM pg_views WHERE viewname = 'open_notes')"),
  decided(
    "an index",
    "EXISTS (SELECT FROM pg_indexes WHERE tablename = 'notes' AND indexname = 'notes_body_idx')",
  ),
  decided(
    "an index that is not there",
    "NOT EXISTS (SELECT FROM pg_class WHERE relname = 'notes_done_idx' AND relkind = 'i')",
  ),
  decided(
    "a class in a namespace",
    "EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'app' AND c.relname = 'settings')",
  ),
  decided(
    "a class in another namespace",
    "EXISTS (SELECT FROM pg_class c, pg_namespace n WHERE n.oid = c.relnamespace AND n.nspname = 'public' AND c.relname = 'settings')",
  ),
  decided("a constraint", "EXISTS (SELECT FROM pg_constraint WHERE conname = 'members_team_fk')"),
  decided(
    "a constraint of a table",
    "EXISTS (SELECT FROM pg_constraint WHERE conname = 'members_team_fk' AND conrelid = 'public.members'::regclass AND contype = 'f')",
  ),
  decided(
    "a constraint of another table",
    "EXISTS (SELECT FROM pg_constraint WHERE conname = 'members_team_fk' AND conrelid = 'teams'::regclass)",
  ),
  decided(
    "a constraint, joined",
    "EXISTS (SELECT FROM pg_constraint c JOIN pg_class t ON c.conrelid = t.oid WHERE t.relname = 'members' AND c.conname = 'members_pkey')",
  ),
  decided(
    "a constraint of a table looked up",
    "EXISTS (SELECT FROM pg_constraint WHERE conrelid = (SELECT oid FROM pg_class WHERE relname = 'members') AND contype = 'p')",
  ),
  decided(
    "information_schema's constraints",
    "EXISTS (SELECT FROM information_schema.table_constraints WHERE table_name = 'members' AND constraint_type = 'FOREIGN KEY')",
  ),
  decided(
    "an attribute",
    "EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'notes'::regclass AND attname = 'done' AND NOT attisdropped)",
  ),
  decided(
    "how many attributes",
    "(SELECT count(*) FROM pg_attribute WHERE attrelid = 'notes'::regclass AND attnum > 0 AND NOT attisdropped) = 3",
  ),
  decided(
    "an attribute that may not be null",
    "EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'teams'::regclass AND attname = 'name' AND attnotnull)",
  ),
  decided("a type", "EXISTS (SELECT FROM pg_type WHERE typname = 'mood')"),
  decided(
    "a type that is not there",
    "EXISTS (SELECT FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typname = 'temper' AND n.nspname = 'public')",
  ),
  decided(
    "an enum label",
    "EXISTS (SELECT FROM pg_enum WHERE enumtypid = 'mood'::regtype AND enumlabel = 'sad')",
  ),
  decided(
    "an enum label, joined",
    "EXISTS (SELECT FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid WHERE t.typname = 'mood' AND e.enumlabel = 'angry')",
  ),
  decided("a schema", "EXISTS (SELECT FROM pg_namespace WHERE nspname = 'app')"),
  decided("to_regclass", "to_regclass('public.teams') IS NOT NULL"),
  decided("to_regclass of nothing", "to_regclass('app.teams') IS NOT NULL"),
  decided(
    "conditions joined",
    `to_regclass('teams') IS NOT NULL AND NOT EXISTS (${columns} table_name = 'notes' AND column_name = 'extra')`,
  ),
  decided("a constant", "true"),
  decided("a variable", "wanted", "wanted boolean := false;"),
  decided("a variable that is compared", "kind = 'b'", "kind text := 'a';"),
  decided("a number that is compared", "n >= 3", "n int := 3;"),
];

const opened: readonly ProgramCase[] = [
  open("a condition on rows", `IF (SELECT count(*) FROM teams) > 0 THEN ${addTo} END IF;`),
  open(
    "a condition on a setting",
    `IF current_setting('server_version_num')::int > 90000 THEN ${addTo} END IF;`,
  ),
  open(
    "a name from a table",
    "SELECT 'notes' INTO t FROM teams LIMIT 1; EXECUTE format('ALTER TABLE %I ADD COLUMN extra int', t);",
    "t text;",
  ),
  open(
    "a variable that is set under a condition",
    `IF (SELECT count(*) FROM teams) > 0 THEN t := 'teams'; END IF; EXECUTE format('ALTER TABLE %I ADD COLUMN extra int', t);`,
    "t text := 'notes';",
  ),
  open(
    "a variable that is set in a loop",
    `WHILE t <> 'teams' LOOP t := 'teams'; END LOOP; EXECUTE format('ALTER TABLE %I ADD COLUMN extra int', t);`,
    "t text := 'notes';",
  ),
  open(
    "a name that is declared twice",
    `DECLARE t text := 'teams'; BEGIN EXECUTE format('ALTER TABLE %I ADD COLUMN extra int', t); END; EXECUTE format('LOCK TABLE %I IN SHARE MODE', t);`,
    "t text := 'notes';",
  ),
  open(
    "a loop over all tables",
    "FOR r IN SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE '%otes' LOOP EXECUTE format('ALTER TABLE %I ADD COLUMN extra int', r.relname); END LOOP;",
    "r record;",
  ),
  open(
    "a loop that may end early",
    "FOREACH t IN ARRAY ARRAY['notes', 'teams'] LOOP EXIT WHEN t = 'teams'; EXECUTE format('ALTER TABLE %I ADD COLUMN extra int', t); END LOOP;",
    "t text;",
  ),
  open("a function with an argument", "PERFORM add_dynamic('notes');"),
  open(
    "what is read into a variable that is compared",
    "SELECT count(*) INTO n FROM teams; IF n = 1 THEN ALTER TABLE notes ADD COLUMN extra int; END IF;",
    "n int;",
  ),
  open(
    "a column of a query that has a variable's name",
    "t := t FROM (SELECT 'teams' AS t) AS q; EXECUTE format('LOCK TABLE %I IN SHARE MODE', t);",
    "t text := 'notes';",
  ),
  open("FOUND", `UPDATE teams SET name = 'b' WHERE id = 1; IF FOUND THEN ${addTo} END IF;`),
];

const unusual: readonly ProgramCase[] = [
  open(
    "an array of a query",
    "IF ARRAY(SELECT id FROM teams) = ARRAY[1] THEN LOCK TABLE notes IN SHARE MODE; END IF;",
  ),
  open(
    "one of a query",
    "IF 1 = ANY (SELECT id FROM teams) THEN LOCK TABLE notes IN SHARE MODE; END IF;",
  ),
];

const calls: readonly ProgramCase[] = [
  { name: "SELECT of a function", sql: "SELECT add_note_column()", certainty: "known" },
  { name: "SELECT of a function in SQL", sql: "SELECT add_in_sql()", certainty: "known" },
  {
    name: "SELECT of a function that calls another",
    sql: "SELECT add_through()",
    certainty: "known",
  },
  {
    name: "SELECT of a function that changes nothing",
    sql: "SELECT count_notes()",
    certainty: "known",
  },
  {
    name: "SELECT of a function with an argument",
    sql: "SELECT add_dynamic('notes')",
    certainty: "open",
  },
  {
    name: "SELECT of a function that calls itself",
    sql: "SELECT calls_itself(2)",
    certainty: "open",
  },
  { name: "CALL", sql: "CALL add_by_call()", certainty: "known" },
  { name: "CALL with a condition", sql: "CALL add_if_missing()", certainty: "known" },
];

export const cases: readonly ProgramCase[] = [
  ...conditions,
  ...flows,
  ...opened,
  ...unusual,
  ...calls,
];
