import { addTo, block, columns, dropFrom, type ProgramCase } from "./forms.ts";

/** Known: how a program goes on, and what it makes SQL of. */
export const flows: readonly ProgramCase[] = [
  block(
    "statements in order",
    `${addTo} ALTER TABLE notes RENAME COLUMN extra TO more; LOCK TABLE teams IN SHARE MODE;`,
  ),
  block(
    "a table that is made and changed",
    "CREATE TABLE made (id int); ALTER TABLE made ADD COLUMN team int REFERENCES teams (id);",
  ),
  block("EXECUTE of a constant", `EXECUTE 'ALTER TABLE notes ADD COLUMN extra int';`),
  block(
    "EXECUTE of format",
    `EXECUTE format('ALTER TABLE %I.%I ADD COLUMN %I text DEFAULT %L', 'public', 'Odd Name', 'Third', 'it''s');`,
  ),
  block(
    "EXECUTE of format with positions",
    `EXECUTE format('ALTER TABLE %2$I ADD COLUMN %1$s_at timestamptz', 'seen', 'notes');`,
  ),
  block(
    "EXECUTE of a name that is completed",
    `EXECUTE format('CREATE INDEX %I_done_idx ON %I (done)', 'notes', 'notes');`,
  ),
  block(
    "EXECUTE of what a variable holds",
    `EXECUTE command;`,
    "command text := 'ALTER TABLE ' || quote_ident('notes') || ' ADD COLUMN extra int';",
  ),
  block(
    "EXECUTE of what was put together",
    `command := 'ALTER TABLE notes '; command := command || 'ADD COLUMN extra int'; EXECUTE command;`,
    "command text;",
  ),
  block(
    "EXECUTE of a block",
    `EXECUTE 'DO $in$ BEGIN ALTER TABLE notes ADD COLUMN extra int; END $in$';`,
  ),
  block(
    "several statements in one EXECUTE",
    `EXECUTE 'ALTER TABLE notes ADD COLUMN extra int; ALTER TABLE notes ADD COLUMN more int';`,
  ),
  block(
    "FOREACH over constants",
    "FOREACH t IN ARRAY ARRAY['notes', 'teams'] LOOP EXECUTE format('ALTER TABLE %I ADD COLUMN seen int', t); END LOOP;",
    "t text;",
  ),
  block(
    "FOREACH over a literal",
    "FOREACH t IN ARRAY '{notes,teams}'::text[] LOOP EXECUTE format('ALTER TABLE %I ADD COLUMN seen int', t); END LOOP;",
    "t text;",
  ),
  block(
    "FOREACH over a variable",
    "FOREACH t IN ARRAY names LOOP EXECUTE 'ALTER TABLE ' || t || ' ADD COLUMN seen int'; END LOOP;",
    "t text; names text[] := ARRAY['notes', 'teams'];",
  ),
  block(
    "FOREACH over nothing",
    "FOREACH t IN ARRAY '{}'::text[] LOOP EXECUTE 'ALTER TABLE notes ADD COLUMN seen int'; END LOOP;",
    "t text;",
  ),
  block(
    "FOR over numbers",
    "FOR i IN 1..3 LOOP EXECUTE format('ALTER TABLE notes ADD COLUMN part_%s int', i); END LOOP;",
  ),
  block(
    "FOR over numbers backwards",
    "FOR i IN REVERSE 4..1 BY 2 LOOP EXECUTE format('ALTER TABLE notes ADD COLUMN part_%s int', i); END LOOP;",
  ),
  block(
    "FOR over no numbers",
    "FOR i IN 3..1 LOOP EXECUTE format('ALTER TABLE notes ADD COLUMN part_%s int', i); END LOOP;",
  ),
  block(
    "FOR over unnest",
    "FOR t IN SELECT unnest(ARRAY['notes', 'teams']) LOOP EXECUTE format('ALTER TABLE %I ADD COLUMN seen int', t); END LOOP;",
    "t text;",
  ),
  block(
    "FOR over VALUES",
    "FOR r IN SELECT * FROM (VALUES ('notes', 'one'), ('teams', 'two')) AS v (tab, col) LOOP EXECUTE format('ALTER TABLE %I ADD COLUMN %I int', r.tab, r.col); END LOOP;",
    "r record;",
  ),
  block(
    "FOR over a schema's tables",
    "FOR r IN SELECT tablename FROM pg_tables WHERE schemaname = 'app' LOOP EXECUTE format('ALTER TABLE app.%I ENABLE ROW LEVEL SECURITY', r.tablename); END LOOP;",
    "r record;",
  ),
  block(
    "FOR over columns of a name",
    "FOR r IN SELECT table_name AS t FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'name' LOOP EXECUTE format('ALTER TABLE %I ALTER COLUMN name DROP NOT NULL', r.t); END LOOP;",
    "r record;",
  ),
  block(
    "FOR over constraints",
    "FOR c IN SELECT conname FROM pg_constraint WHERE conrelid = 'members'::regclass AND contype = 'f' LOOP EXECUTE 'ALTER TABLE members DROP CONSTRAINT ' || quote_ident(c); END LOOP;",
    "c text;",
  ),
  block(
    "a count that is read",
    "SELECT count(*) INTO n FROM information_schema.columns WHERE table_schema = 'public' AND table_name = 'notes'; IF n = 3 THEN ALTER TABLE notes ADD COLUMN extra int; END IF;",
    "n int;",
  ),
  block(
    "an answer that is read",
    "SELECT EXISTS (SELECT FROM pg_type WHERE typname = 'temper') INTO found_it; IF NOT found_it THEN CREATE TYPE temper AS ENUM ('x'); END IF;",
    "found_it boolean;",
  ),
  block(
    "a name that is read",
    "SELECT conname INTO c FROM pg_constraint WHERE conrelid = 'members'::regclass AND contype = 'f'; EXECUTE format('ALTER TABLE members DROP CONSTRAINT %I', c);",
    "c text;",
  ),
  block(
    "a name that is assigned from a query",
    "c := (SELECT conname FROM pg_constraint WHERE conrelid = 'members'::regclass AND contype = 'f'); EXECUTE format('ALTER TABLE members DROP CONSTRAINT %I', c);",
    "c text;",
  ),
  block(
    "ELSIF",
    `IF false THEN ${dropFrom} ELSIF to_regclass('notes') IS NOT NULL THEN ${addTo} ELSE DROP TABLE notes CASCADE; END IF;`,
  ),
  block(
    "what a condition sees of earlier statements",
    `${addTo} IF EXISTS (${columns} table_name = 'notes' AND column_name = 'extra') THEN ALTER TABLE notes DROP COLUMN extra; END IF;`,
  ),
  block("an inner block", `BEGIN ${addTo} BEGIN ALTER TABLE notes ADD COLUMN more int; END; END;`),
  block("nothing after RETURN", `${addTo} RETURN; ${dropFrom}`),
  block("a loop with EXIT at its end", `LOOP ${addTo} EXIT; END LOOP;`),
  block(
    "a handler that is not needed",
    `BEGIN ${addTo} EXCEPTION WHEN duplicate_column THEN NULL; END;`,
  ),
  block(
    "a handler for what is there",
    "BEGIN CREATE TYPE mood AS ENUM ('x'); EXCEPTION WHEN duplicate_object THEN NULL; END; LOCK TABLE teams IN SHARE MODE;",
  ),
  block(
    "a handler for a table that is there",
    "BEGIN LOCK TABLE notes IN SHARE MODE; CREATE TABLE teams (id int); EXCEPTION WHEN duplicate_table THEN ALTER TABLE teams ADD COLUMN extra int; END;",
  ),
  block(
    "a handler for a column that is there",
    "BEGIN ALTER TABLE notes ADD COLUMN body int; EXCEPTION WHEN OTHERS THEN LOCK TABLE teams IN SHARE MODE; END;",
  ),
  block(
    "a handler for a constraint that is there",
    "BEGIN ALTER TABLE members ADD CONSTRAINT members_team_fk FOREIGN KEY (team_id) REFERENCES teams (id); EXCEPTION WHEN duplicate_object THEN NULL; END;",
  ),
  block(
    "a handler for what is not there",
    "BEGIN ALTER TABLE nothing ADD COLUMN x int; EXCEPTION WHEN undefined_table THEN CREATE TABLE nothing (id int); END;",
  ),
  block(
    "a handler for a class of errors",
    "BEGIN CREATE TABLE teams (id int); EXCEPTION WHEN syntax_error_or_access_rule_violation THEN LOCK TABLE notes IN SHARE MODE; END;",
  ),
  block(
    "a handler by SQLSTATE",
    `BEGIN ${addTo} RAISE EXCEPTION 'no' USING ERRCODE = '22012'; EXCEPTION WHEN SQLSTATE '22012' THEN LOCK TABLE teams IN SHARE MODE; END;`,
  ),
  block(
    "a handler by name",
    `BEGIN ${addTo} RAISE unique_violation; EXCEPTION WHEN unique_violation THEN LOCK TABLE teams IN SHARE MODE; END;`,
  ),
  block(
    "a handler outside",
    `BEGIN BEGIN ${addTo} RAISE EXCEPTION 'no'; EXCEPTION WHEN unique_violation THEN DROP TABLE notes CASCADE; END; EXCEPTION WHEN raise_exception THEN LOCK TABLE teams IN SHARE MODE; END;`,
  ),
  block(
    "what is undone is not seen",
    `BEGIN ${addTo} RAISE EXCEPTION 'no'; EXCEPTION WHEN OTHERS THEN IF NOT EXISTS (${columns} table_name = 'notes' AND column_name = 'extra') THEN LOCK TABLE teams IN SHARE MODE; END IF; END;`,
  ),
  block(
    "an assertion that fails is not one of the others",
    "BEGIN ASSERT false; EXCEPTION WHEN OTHERS THEN NULL; END;",
  ),
  block("an exception", `${addTo} RAISE EXCEPTION 'no';`),
  block(
    "a function that adds a column",
    "PERFORM add_note_column(); ALTER TABLE notes ALTER COLUMN added SET DEFAULT 'x';",
  ),
  block("a function in SQL", "PERFORM add_in_sql(); ALTER TABLE notes DROP COLUMN by_sql;"),
  block("a procedure", "CALL add_by_call(); ALTER TABLE notes DROP COLUMN called;"),
  block(
    "an object that is there already",
    "CREATE TABLE IF NOT EXISTS teams (id int); ALTER TABLE notes ADD COLUMN IF NOT EXISTS body text;",
  ),
  block(
    "a schema that is made",
    "CREATE SCHEMA IF NOT EXISTS extra; CREATE TABLE extra.things (id int);",
  ),
];
