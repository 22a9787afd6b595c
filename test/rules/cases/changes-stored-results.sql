-- bad: another body under an index
-- base
CREATE FUNCTION norm(address text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT lower(address) $$;
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE INDEX users_norm ON users (norm(email));
-- migration
CREATE OR REPLACE FUNCTION norm(address text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT lower(trim(address)) $$; -- ! changes-stored-results

-- bad: under a unique index of the rows that it picks, and a CHECK
-- base
CREATE FUNCTION is_open(state text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN state = 'open'; END $$;
CREATE TABLE orders (id bigint PRIMARY KEY, place int NOT NULL, state text NOT NULL, paid boolean, CONSTRAINT open_unpaid CHECK (NOT is_open(state) OR paid IS NOT TRUE));
CREATE UNIQUE INDEX orders_open ON orders (place) INCLUDE (id) WHERE is_open(state) AND place > 0;
-- migration
CREATE OR REPLACE FUNCTION public.is_open(state text) RETURNS boolean -- ! changes-stored-results
  LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN state IN ('open', 'new'); END $$;

-- bad: of a partitioned table, called by another function
-- base
CREATE FUNCTION fold_mail(address text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT lower(address) $$;
CREATE FUNCTION domain_of(address text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN split_part(public.fold_mail(address), '@', 2); END $$;
CREATE TABLE mails (id bigint, sent date, sender text) PARTITION BY RANGE (sent);
CREATE TABLE mails_2025 PARTITION OF mails FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE INDEX mails_domain ON mails (domain_of(sender));
-- migration
CREATE OR REPLACE FUNCTION domain_of(address text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN split_part(address, '@', 2); END $$; -- ! changes-stored-results

-- bad: the function that is called by the one in the index
-- base
CREATE FUNCTION fold_mail(address text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT lower(address) $$;
CREATE FUNCTION domain_of(address text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT split_part(public.fold_mail(address), '@', 2) $$;
CREATE TABLE mails (id bigint PRIMARY KEY, sender text);
CREATE INDEX mails_domain ON mails (domain_of(sender));
-- migration
CREATE OR REPLACE FUNCTION fold_mail(address text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT upper(address) $$; -- ! changes-stored-results

-- bad: the same in PL/pgSQL, in an assignment
-- base
CREATE FUNCTION fold_mail(address text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT lower(address) $$;
CREATE FUNCTION domain_of(address text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ DECLARE folded text; BEGIN folded := fold_mail(address); RETURN split_part(folded, '@', 2); END $$;
CREATE TABLE mails (id bigint PRIMARY KEY, sender text);
CREATE INDEX mails_domain ON mails (domain_of(sender));
-- migration
CREATE OR REPLACE FUNCTION fold_mail(address text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT upper(address) $$; -- ! changes-stored-results

-- bad: a generated column, a partition key and a domain
-- base
CREATE FUNCTION gross(net int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN net * 119 / 100; END $$;
CREATE FUNCTION bucket(id int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN id % 2; END $$;
CREATE FUNCTION is_code(code text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN code <> ''; END $$;
CREATE DOMAIN code AS text CONSTRAINT is_code CHECK (is_code(VALUE));
CREATE TABLE prices (id int PRIMARY KEY, net int, gross int GENERATED ALWAYS AS (gross(net)) STORED, code code);
CREATE TABLE events (id int) PARTITION BY LIST (bucket(id));
CREATE TABLE events_0 PARTITION OF events FOR VALUES IN (0);
-- migration
CREATE OR REPLACE FUNCTION gross(net int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN net * 116 / 100; END $$; -- ! changes-stored-results
CREATE OR REPLACE FUNCTION bucket(id int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN (id + 1) % 2; END $$; -- ! changes-stored-results
CREATE OR REPLACE FUNCTION is_code(code text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN length(code) > 3; END $$; -- ! changes-stored-results

-- bad: no longer immutable, or strict, or with another setting
-- base
CREATE SCHEMA lib;
CREATE FUNCTION fold_text(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN lower(t); END $$;
CREATE FUNCTION norm(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN coalesce(fold_text(t), ''); END $$;
CREATE FUNCTION day_of(t timestamptz) RETURNS date LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN t::date; END $$;
CREATE TABLE notes (id bigint PRIMARY KEY, title text, body text, made timestamptz);
CREATE INDEX notes_title ON notes (fold_text(title));
CREATE INDEX notes_body ON notes (norm(body));
CREATE INDEX notes_made ON notes (day_of(made));
-- migration
ALTER FUNCTION fold_text(text) STABLE; -- ! changes-stored-results
ALTER FUNCTION norm(text) STRICT; -- ! changes-stored-results
ALTER FUNCTION day_of(timestamptz) SET timezone = 'Europe/Berlin'; -- ! changes-stored-results

-- bad: a path without the schema of what the body calls
-- base
CREATE FUNCTION fold_text(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN lower(t); END $$;
CREATE FUNCTION norm(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN fold_text(t); END $$;
CREATE TABLE notes (id bigint PRIMARY KEY, title text);
CREATE INDEX notes_title ON notes (norm(title));
-- migration
ALTER FUNCTION norm(text) SET search_path = ''; -- ! changes-stored-results

-- good: nothing that is stored hangs on it, or nothing that is given changes
-- base
CREATE FUNCTION fold_text(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN lower(t); END $$;
CREATE FUNCTION norm(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN fold_text(t); END $$;
CREATE FUNCTION greet(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN 'hello ' || t; END $$;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.title := lower(NEW.title); RETURN NEW; END $$;
CREATE TABLE notes (id bigint PRIMARY KEY, title text DEFAULT greet('x'));
CREATE TRIGGER touch BEFORE UPDATE ON notes FOR EACH ROW EXECUTE FUNCTION touch();
CREATE INDEX notes_title ON notes (norm(title));
CREATE VIEW greetings AS SELECT greet(title) AS greeting FROM notes;
-- migration
CREATE OR REPLACE FUNCTION greet(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN 'hi ' || t; END $$;
CREATE OR REPLACE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE OR REPLACE FUNCTION norm(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  -- as before
  RETURN fold_text(t);
END $$;
ALTER FUNCTION norm(text) SET search_path = public, pg_temp;
ALTER FUNCTION norm(text) COST 10;
ALTER FUNCTION norm(text) SET work_mem = '8MB';
ALTER FUNCTION fold_text(text) SET search_path = '';
CREATE FUNCTION fold_text(t varchar, u int) RETURNS text LANGUAGE sql AS $$ SELECT upper(t) $$;
CREATE OR REPLACE FUNCTION fold_text(t varchar, u int) RETURNS text LANGUAGE sql AS $$ SELECT lower(t) $$;

-- good: built again in the same transaction
-- transaction: file
-- sizes: public.users 40 rows 8192 bytes
-- base
CREATE FUNCTION norm(address text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT lower(address) $$;
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE INDEX users_norm ON users (norm(email));
-- migration
CREATE OR REPLACE FUNCTION norm(address text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT lower(trim(address)) $$;
REINDEX INDEX users_norm; -- i blocking-index-build

-- good: every row is written again, and what is NOT VALID claims nothing
-- sizes: public.prices 40 rows 8192 bytes
-- base
CREATE FUNCTION gross(net int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN net * 119 / 100; END $$;
CREATE TABLE prices (id int PRIMARY KEY, net int, gross int GENERATED ALWAYS AS (gross(net)) STORED);
ALTER TABLE prices ADD CONSTRAINT small CHECK (gross(net) < 1000) NOT VALID;
-- migration
CREATE OR REPLACE FUNCTION gross(net int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN net * 116 / 100; END $$;
UPDATE prices SET net = net;

-- good: the index goes before, or with the function
-- base
CREATE FUNCTION norm(address text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT lower(address) $$;
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE INDEX users_norm ON users (norm(email));
-- migration
DROP INDEX CONCURRENTLY users_norm;
CREATE OR REPLACE FUNCTION norm(address text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT lower(trim(address)) $$;
CREATE INDEX CONCURRENTLY users_norm ON users (norm(email));
