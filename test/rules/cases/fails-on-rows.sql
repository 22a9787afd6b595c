-- bad: a required column without a value for the rows that are there
-- union: 14
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
ALTER TABLE users ADD COLUMN email text NOT NULL; -- ! fails-on-rows

-- good: a required column with a constant default
-- union: 14
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
ALTER TABLE users ADD COLUMN email text NOT NULL DEFAULT '';

-- good: a required column of a table without rows
-- union: 14
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
CREATE TABLE posts (id bigint PRIMARY KEY);
ALTER TABLE posts ADD COLUMN title text NOT NULL;

-- good: checks that fail without harm are what VALIDATE is for
-- union: 39
-- base
CREATE TABLE users (id bigint PRIMARY KEY, age integer);
ALTER TABLE users ADD CONSTRAINT age_check CHECK (age > 0) NOT VALID;
-- migration
ALTER TABLE users VALIDATE CONSTRAINT age_check;

-- bad: a required column, whatever else the statement does for long
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
ALTER TABLE users ADD COLUMN email text NOT NULL UNIQUE; -- ! fails-on-rows, blocking-index-build

-- good: a block that makes a table and its constraints
-- base
CREATE TABLE teams (id text PRIMARY KEY);
-- migration
CREATE TABLE IF NOT EXISTS invitations (id text PRIMARY KEY, team_id text NOT NULL);
DO $$ BEGIN ALTER TABLE invitations ADD CONSTRAINT invitations_team_fk FOREIGN KEY (team_id) REFERENCES teams (id); END $$;

-- good: a required column after every row was deleted, in one transaction, but its pages are still read
-- base
CREATE TABLE casting (id bigint PRIMARY KEY, code text);
-- migration
BEGIN;
DELETE FROM casting; -- ! loses-data
ALTER TABLE casting ADD COLUMN ip text NOT NULL; -- ! blocking-scan, breaks-running-release
COMMIT;

-- good: a required column after TRUNCATE, and what would read or write every row
-- transaction: file
-- base
CREATE TABLE casting (id bigint PRIMARY KEY, code text, size integer);
-- migration
TRUNCATE casting; -- ! loses-data
ALTER TABLE casting ADD COLUMN ip text NOT NULL; -- ! breaks-running-release
CREATE UNIQUE INDEX casting_code_key ON casting (code);
ALTER TABLE casting ADD CONSTRAINT code_set CHECK (code <> '');
ALTER TABLE casting ALTER COLUMN size TYPE bigint; -- ! breaks-running-release

-- bad: a row was written after every row was deleted
-- transaction: file
-- base
CREATE TABLE casting (id bigint PRIMARY KEY, code text);
-- migration
DELETE FROM casting; -- ! loses-data
INSERT INTO casting VALUES (1, 'a');
ALTER TABLE casting ADD COLUMN ip text NOT NULL; -- ! fails-on-rows

-- bad: the transaction that deleted rows is over
-- only: predicted
-- base
CREATE TABLE casting (id bigint PRIMARY KEY, code text);
-- migration
DELETE FROM casting WHERE id > 0; -- i unbatched-change
ALTER TABLE casting ADD COLUMN ip text NOT NULL; -- ! fails-on-rows

-- bad: a default that is null gives no value
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
ALTER TABLE users ADD COLUMN email text DEFAULT NULL NOT NULL; -- ! fails-on-rows

-- bad: a required column under the lock of another table, where the first row ends it
-- transaction: file
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE events (id bigint PRIMARY KEY);
-- migration
ALTER TABLE users ADD COLUMN nick text;
ALTER TABLE events ADD COLUMN kind text NOT NULL; -- ! fails-on-rows -- i many-tables-locked
