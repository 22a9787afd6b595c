-- bad: a default that differs from row to row
-- union: 3
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
ALTER TABLE users ADD COLUMN token uuid DEFAULT gen_random_uuid(); -- ! blocking-rewrite

-- bad: a volatile call inside an array
-- union: 3
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
ALTER TABLE users ADD COLUMN scores float8[] DEFAULT ARRAY[random()]; -- ! blocking-rewrite

-- bad: a volatile function of one's own as default
-- union: 4
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE FUNCTION make_token() RETURNS text LANGUAGE plpgsql VOLATILE AS 'BEGIN RETURN random()::text; END';
-- migration
ALTER TABLE users ADD COLUMN token text DEFAULT make_token(); -- ! blocking-rewrite

-- good: a volatile-looking function that is only its constant body
-- union: 4
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE FUNCTION start_score() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 7';
-- migration
ALTER TABLE users ADD COLUMN score integer DEFAULT start_score();

-- bad: a serial column numbers every row
-- union: 5
-- base
CREATE TABLE users (email text PRIMARY KEY);
-- migration
ALTER TABLE users ADD COLUMN number bigserial; -- ! blocking-rewrite

-- bad: an identity column numbers every row too
-- union: 6
-- base
CREATE TABLE users (email text PRIMARY KEY);
-- migration
ALTER TABLE users ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY; -- ! blocking-rewrite

-- bad: a stored generated column is computed for every row
-- union: 7
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
ALTER TABLE users ADD COLUMN email_lower text GENERATED ALWAYS AS (lower(email)) STORED; -- ! blocking-rewrite

-- good: a virtual generated column is computed when it is read
-- union: 8
-- pg: 18
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
ALTER TABLE users ADD COLUMN email_lower text GENERATED ALWAYS AS (lower(email)) VIRTUAL;

-- bad: a domain that checks its values, even without a default
-- union: 9
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
-- migration
ALTER TABLE users ADD COLUMN score positive; -- ! blocking-rewrite

-- good: a domain that checks nothing
-- union: 9
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE DOMAIN label AS text;
-- migration
ALTER TABLE users ADD COLUMN title label;

-- good: a constant default is kept once, in the catalog
-- union: 1
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
ALTER TABLE users ADD COLUMN active boolean NOT NULL DEFAULT true;

-- good: the time of the statement is one value for all rows
-- union: 2
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
ALTER TABLE users ADD COLUMN a timestamptz DEFAULT now();
ALTER TABLE users ADD COLUMN b timestamptz DEFAULT date_trunc('month', now());
ALTER TABLE users ADD COLUMN c timestamp DEFAULT (now() AT TIME ZONE 'utc');

-- good: the bare column first, then a default for new rows
-- union: 3
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
ALTER TABLE users ADD COLUMN token uuid;
ALTER TABLE users ALTER COLUMN token SET DEFAULT gen_random_uuid();

-- bad: integer to bigint
-- union: 28
-- base
CREATE TABLE counters (id bigint PRIMARY KEY, hits integer);
-- migration
ALTER TABLE counters ALTER COLUMN hits TYPE bigint; -- ! blocking-rewrite

-- bad: a conversion of one's own
-- union: 28, 30
-- base
CREATE TABLE events (id bigint PRIMARY KEY, at timestamp);
-- migration
ALTER TABLE events ALTER COLUMN at TYPE timestamptz USING at AT TIME ZONE 'UTC'; -- ! blocking-rewrite

-- bad: the other way round, with the type's long name
-- union: 28, 30
-- base
CREATE TABLE events (id bigint PRIMARY KEY, at timestamptz NOT NULL DEFAULT now());
-- migration
ALTER TABLE events ALTER at TYPE timestamp without time zone USING events.at AT TIME ZONE 'utc'; -- ! blocking-rewrite

-- bad: from another zone there is no way around it
-- union: 28, 30
-- base
CREATE TABLE events (id bigint PRIMARY KEY, at timestamp);
-- migration
ALTER TABLE events ALTER COLUMN at TYPE timestamptz USING at AT TIME ZONE 'Europe/Berlin'; -- ! blocking-rewrite

-- good: types that only get wider are relabelled
-- union: 28, 29, 32
-- base
CREATE TABLE users (id bigint PRIMARY KEY, name varchar(50), code varchar(10), price numeric(8, 2));
-- migration
ALTER TABLE users ALTER COLUMN name TYPE text;
ALTER TABLE users ALTER COLUMN code TYPE varchar(20);
ALTER TABLE users ALTER COLUMN price TYPE numeric(12, 2);

-- bad: the type of a key that other tables reference
-- union: 34
-- base
CREATE TABLE users (id integer PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id integer REFERENCES users);
CREATE INDEX ON orders (user_id);
-- migration
ALTER TABLE users ALTER COLUMN id TYPE bigint; -- ! blocking-rewrite

-- bad: another expression for a stored generated column
-- union: 37
-- pg: 17-18
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text, short text GENERATED ALWAYS AS (lower(email)) STORED);
-- migration
ALTER TABLE users ALTER COLUMN short SET EXPRESSION AS (upper(email)); -- ! blocking-rewrite

-- bad: VACUUM FULL and CLUSTER
-- union: 97
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
VACUUM FULL users; -- ! blocking-rewrite
CLUSTER users USING users_pkey; -- ! blocking-rewrite

-- good: plain VACUUM
-- union: 97
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
VACUUM users;

-- bad: storage of another kind
-- union: 98
-- base
CREATE UNLOGGED TABLE users (id bigint PRIMARY KEY, email text);
-- migration
ALTER TABLE users SET LOGGED; -- ! blocking-rewrite

-- good: storage of the kind it has
-- union: 98
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
ALTER TABLE users SET LOGGED;

-- good: a table made in the same file
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
CREATE TABLE posts (id bigint PRIMARY KEY, body text);
ALTER TABLE posts ADD COLUMN token uuid DEFAULT gen_random_uuid();

-- good: a small table, by the sizes of production
-- sizes: public.users 900 rows 200000 bytes
-- base
CREATE TABLE users (id bigint PRIMARY KEY, hits integer);
-- migration
ALTER TABLE users ALTER COLUMN hits TYPE bigint; -- i blocking-rewrite

-- bad: times get a zone, and nobody said which
-- only: predicted
-- base
CREATE TABLE events (id bigint PRIMARY KEY, at timestamp);
-- migration
ALTER TABLE events ALTER COLUMN at TYPE timestamptz; -- ! blocking-rewrite

-- good: times get the zone that they were written in, UTC
-- union: 30
-- base
CREATE TABLE events (id bigint PRIMARY KEY, at timestamp);
-- migration
SET timezone = 'UTC';
ALTER TABLE events ALTER COLUMN at TYPE timestamptz; -- i breaks-running-release

-- good: numbers and computed columns of a new table
-- union: 5, 6, 7, 37
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
CREATE TABLE posts (id bigserial PRIMARY KEY, body text);
ALTER TABLE posts ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY;
ALTER TABLE posts ADD COLUMN short text GENERATED ALWAYS AS (left(body, 10)) STORED;

-- good: another expression for a virtual generated column
-- union: 37
-- pg: 18
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text, short text GENERATED ALWAYS AS (lower(email)) VIRTUAL);
-- migration
ALTER TABLE users ALTER COLUMN short SET EXPRESSION AS (upper(email));

-- good: a key that other tables reference and a type that only gets wider
-- union: 34
-- base
CREATE TABLE users (id bigint PRIMARY KEY, code varchar(10) UNIQUE);
CREATE TABLE orders (id bigint PRIMARY KEY, note varchar(10), user_id bigint REFERENCES users);
CREATE INDEX ON orders (user_id);
-- migration
ALTER TABLE orders ALTER COLUMN note TYPE varchar(20);

-- bad: the type of a referencing column, whose rows are looked up again besides
-- union: 34
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id integer REFERENCES users);
CREATE INDEX ON orders (user_id);
-- migration
ALTER TABLE orders ALTER COLUMN user_id TYPE bigint; -- ! blocking-rewrite
