-- bad: a column is renamed
-- union: 76, 81
-- base
CREATE TABLE users (id bigint PRIMARY KEY, full_name text);
-- migration
ALTER TABLE users RENAME COLUMN full_name TO display_name; -- ! breaks-running-release

-- bad: a table is renamed
-- union: 77, 81
-- base
CREATE TABLE users (id bigint PRIMARY KEY, full_name text);
-- migration
ALTER TABLE users RENAME TO customers; -- ! breaks-running-release

-- bad: a table moves to another schema
-- union: 78
-- base
CREATE SCHEMA archive;
CREATE TABLE invoices (id bigint PRIMARY KEY);
-- migration
ALTER TABLE invoices SET SCHEMA archive; -- ! breaks-running-release

-- bad: a schema is renamed
-- union: 78
-- base
CREATE SCHEMA billing;
CREATE TABLE billing.invoices (id bigint PRIMARY KEY);
-- migration
ALTER SCHEMA billing RENAME TO accounting; -- ! breaks-running-release

-- bad: a view is dropped
-- union: 82
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE VIEW emails AS SELECT email FROM users;
-- migration
DROP VIEW emails; -- ! breaks-running-release

-- bad: an enum value is renamed
-- union: 88
-- base
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE TABLE people (id bigint PRIMARY KEY, feels mood);
-- migration
ALTER TYPE mood RENAME VALUE 'glad' TO 'happy'; -- ! breaks-running-release

-- bad: a default is dropped
-- union: 36
-- base
CREATE TABLE users (id bigint PRIMARY KEY, plan text NOT NULL DEFAULT 'free');
-- migration
ALTER TABLE users ALTER COLUMN plan DROP DEFAULT; -- ! breaks-running-release

-- bad: an upsert loses its constraint
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text CONSTRAINT users_email_key UNIQUE);
-- migration
ALTER TABLE users DROP CONSTRAINT users_email_key; -- i breaks-running-release

-- bad: a function is dropped
-- base
CREATE FUNCTION price_of(bigint) RETURNS numeric LANGUAGE sql AS 'SELECT 1.0';
-- migration
DROP FUNCTION price_of(bigint); -- ! breaks-running-release

-- bad: nulls are filled and forbidden in one deploy
-- base
CREATE TABLE users (id bigint PRIMARY KEY, plan text, CONSTRAINT plan_set CHECK (plan IS NOT NULL) NOT VALID);
-- migration
UPDATE users SET plan = 'free' WHERE id BETWEEN 1 AND 1000 AND plan IS NULL;
ALTER TABLE users VALIDATE CONSTRAINT plan_set;
ALTER TABLE users ALTER COLUMN plan SET NOT NULL; -- ! breaks-running-release

-- bad: a new column becomes required in steps
-- union: 81
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
ALTER TABLE users ADD COLUMN plan text;
ALTER TABLE users ADD CONSTRAINT plan_set CHECK (plan IS NOT NULL) NOT VALID;
ALTER TABLE users VALIDATE CONSTRAINT plan_set;
ALTER TABLE users ALTER COLUMN plan SET NOT NULL; -- ! breaks-running-release

-- bad: a view comes back with a column less
-- union: 82
-- transaction: file
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE VIEW emails AS SELECT id, email FROM users;
-- migration
DROP VIEW emails; -- ! breaks-running-release
CREATE VIEW emails AS SELECT email FROM users;

-- bad: a view goes and comes back in two transactions
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE VIEW emails AS SELECT email FROM users;
-- migration
DROP VIEW emails; -- ! breaks-running-release
CREATE VIEW emails AS SELECT email FROM users;

-- bad: a rename with a view of the old name works for most queries
-- union: 77
-- transaction: file
-- base
CREATE TABLE users (id bigint PRIMARY KEY, full_name text);
-- migration
ALTER TABLE users RENAME TO customers; -- i breaks-running-release
CREATE VIEW users AS SELECT * FROM customers;

-- good: a view goes and comes back in one transaction
-- union: 82
-- transaction: file
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE VIEW emails AS SELECT email FROM users;
-- migration
DROP VIEW emails;
CREATE VIEW emails AS SELECT email FROM users;

-- good: what the file made is renamed
-- union: 76, 77
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
CREATE TABLE customer (id bigint PRIMARY KEY, full_name text);
ALTER TABLE customer RENAME COLUMN full_name TO name;
ALTER TABLE customer RENAME TO customers;

-- good: a column with a default beside the old ones
-- union: 1, 15, 81
-- base
CREATE TABLE users (id bigint PRIMARY KEY, full_name text);
-- migration
ALTER TABLE users ADD COLUMN display_name text;
ALTER TABLE users ADD COLUMN plan text NOT NULL DEFAULT 'free';

-- good: NOT NULL is lifted
-- union: 27
-- base
CREATE TABLE users (id bigint PRIMARY KEY, full_name text NOT NULL);
-- migration
ALTER TABLE users ALTER COLUMN full_name DROP NOT NULL;

-- good: a default is set
-- union: 35, 36
-- base
CREATE TABLE users (id bigint PRIMARY KEY, token uuid);
-- migration
ALTER TABLE users ALTER COLUMN token SET DEFAULT gen_random_uuid();

-- good: a view gets one more column at its end
-- union: 82
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text, name text);
CREATE VIEW emails AS SELECT email FROM users;
-- migration
CREATE OR REPLACE VIEW emails AS SELECT email, name FROM users;

-- good: an index is renamed
-- union: 72
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE INDEX users_email_idx ON users (email);
-- migration
ALTER INDEX users_email_idx RENAME TO users_email_index;

-- bad: an enum swap loses a value
-- union: 89
-- transaction: file
-- base
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE TABLE people (id bigint PRIMARY KEY, feels mood);
-- migration
ALTER TYPE mood RENAME TO mood_old; -- ! breaks-running-release
CREATE TYPE mood AS ENUM ('glad', 'happy');
ALTER TABLE people ALTER COLUMN feels TYPE mood USING feels::text::mood; -- ! blocking-rewrite
DROP TYPE mood_old;

-- good: an enum swap within its own transaction that keeps every value
-- union: 89
-- base
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE TABLE people (id bigint PRIMARY KEY, name text);
-- migration
BEGIN;
CREATE TYPE mood_new AS ENUM ('sad', 'ok', 'glad');
ALTER TYPE mood RENAME TO mood_old;
ALTER TYPE mood_new RENAME TO mood;
DROP TYPE mood_old;
COMMIT;
ALTER TABLE people ADD COLUMN feels mood;

-- good: NOT NULL with a default for whoever leaves it out
-- base
CREATE TABLE users (id bigint PRIMARY KEY, plan text, CONSTRAINT plan_set CHECK (plan IS NOT NULL) NOT VALID);
-- migration
UPDATE users SET plan = 'free' WHERE id BETWEEN 1 AND 1000 AND plan IS NULL;
ALTER TABLE users ALTER COLUMN plan SET DEFAULT 'free';
ALTER TABLE users VALIDATE CONSTRAINT plan_set;
ALTER TABLE users ALTER COLUMN plan SET NOT NULL;

-- bad: a column takes no value of one's own any more
-- base
CREATE TABLE users (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY);
-- migration
ALTER TABLE users ALTER COLUMN id SET GENERATED ALWAYS; -- ! breaks-running-release

-- good: an identity takes the place of a default, before the file ends
-- transaction: query
-- base
CREATE TABLE users (id bigserial PRIMARY KEY, email text);
-- migration
BEGIN;
ALTER TABLE users ALTER COLUMN id DROP DEFAULT;
DROP SEQUENCE users_id_seq;
ALTER TABLE users ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (RESTART 1000);
COMMIT;
UPDATE users SET email = lower(email) WHERE id = 1;

-- good: a default of a column that may be null
-- union: 36
-- base
CREATE TABLE users (id bigint PRIMARY KEY, plan text DEFAULT 'free');
-- migration
ALTER TABLE users ALTER COLUMN plan DROP DEFAULT;

-- good: a unique index takes the constraint's place
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text CONSTRAINT users_email_key UNIQUE);
-- migration
CREATE UNIQUE INDEX CONCURRENTLY users_email_idx ON users (email);
ALTER TABLE users DROP CONSTRAINT users_email_key;

-- good: a foreign key goes
-- union: 47
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint CONSTRAINT orders_user_fk REFERENCES users (id));
-- migration
ALTER TABLE orders DROP CONSTRAINT orders_user_fk;

-- good: an enum value is added
-- union: 88
-- base
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE TABLE people (id bigint PRIMARY KEY, feels mood);
-- migration
ALTER TYPE mood ADD VALUE 'ok' BEFORE 'glad';

-- good: a function gets another body
-- base
CREATE FUNCTION price_of(item bigint) RETURNS numeric LANGUAGE sql AS 'SELECT 1.0';
-- migration
CREATE OR REPLACE FUNCTION price_of(item bigint) RETURNS numeric LANGUAGE sql AS 'SELECT 2.0';

-- good: times get a zone, which drivers may show but queries do not mind
-- base
CREATE TABLE events (id bigint PRIMARY KEY, at timestamp);
-- migration
SET timezone = 'UTC';
ALTER TABLE events ALTER COLUMN at TYPE timestamptz; -- i breaks-running-release

-- good: a trigger function, which no query can call
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;
-- migration
DROP FUNCTION touch();

-- bad: a required column whose default is only there for the rows that are
-- union: 15
-- transaction: file
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
ALTER TABLE users ADD COLUMN plan text DEFAULT 'free' NOT NULL;
ALTER TABLE users ALTER COLUMN plan DROP DEFAULT; -- ! breaks-running-release

-- good: what the file made moves
-- union: 78
-- base
CREATE SCHEMA archive;
-- migration
CREATE TABLE invoices (id bigint PRIMARY KEY);
ALTER TABLE invoices SET SCHEMA archive;
CREATE SCHEMA billing;
ALTER SCHEMA billing RENAME TO accounting;

-- bad: the same, each statement committing by itself
-- union: 15
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
ALTER TABLE users ADD COLUMN plan text DEFAULT 'free' NOT NULL;
ALTER TABLE users ALTER COLUMN plan DROP DEFAULT; -- ! breaks-running-release

-- good: a default for the rows that are there, of a column that may be null
-- union: 15
-- transaction: file
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
ALTER TABLE users ADD COLUMN plan text DEFAULT 'free';
ALTER TABLE users ALTER COLUMN plan DROP DEFAULT;

-- bad: a table goes on under its new name, which is no further table to wait for
-- transaction: file
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
ALTER TABLE users RENAME TO people; -- ! breaks-running-release
ALTER TABLE people ADD COLUMN nick text;
