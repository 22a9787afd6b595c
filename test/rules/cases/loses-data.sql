-- bad: a table is dropped
-- union: 74
-- base
CREATE TABLE invoices (id bigint PRIMARY KEY, total numeric NOT NULL);
-- migration
DROP TABLE invoices; -- ! loses-data

-- bad: a column is dropped
-- union: 75
-- base
CREATE TABLE users (id bigint PRIMARY KEY, full_name text);
-- migration
ALTER TABLE users DROP COLUMN full_name; -- ! loses-data

-- bad: a table is dropped with what depends on it
-- union: 74, 79
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE VIEW emails AS SELECT email FROM users;
-- migration
DROP TABLE users CASCADE; -- ! loses-data

-- bad: a schema is dropped with its tables
-- union: 79
-- base
CREATE SCHEMA billing;
CREATE TABLE billing.invoices (id bigint PRIMARY KEY);
-- migration
DROP SCHEMA billing CASCADE; -- ! loses-data

-- bad: dropping a type takes the columns of it along
-- union: 79, 89
-- base
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE TABLE people (id bigint PRIMARY KEY, feels mood);
-- migration
DROP TYPE mood CASCADE; -- ! loses-data

-- bad: a table is truncated
-- union: 80
-- base
CREATE TABLE sessions (id bigint PRIMARY KEY);
-- migration
TRUNCATE sessions; -- ! loses-data

-- bad: TRUNCATE … CASCADE empties what refers to the table
-- union: 80
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id));
-- migration
TRUNCATE users CASCADE; -- ! loses-data

-- bad: DELETE without a condition
-- union: 113
-- base
CREATE TABLE sessions (id bigint PRIMARY KEY);
-- migration
DELETE FROM sessions; -- ! loses-data

-- bad: an explicit cast cuts what is too long
-- base
CREATE TABLE users (id bigint PRIMARY KEY, bio text);
-- migration
ALTER TABLE users ALTER COLUMN bio TYPE varchar(10) USING bio::varchar(10); -- ! loses-data, blocking-rewrite

-- bad: a smaller scale rounds
-- union: 28
-- base
CREATE TABLE prices (id bigint PRIMARY KEY, amount numeric(12, 4));
-- migration
ALTER TABLE prices ALTER COLUMN amount TYPE numeric(12, 2); -- ! loses-data, blocking-rewrite

-- bad: a timestamp becomes a date
-- base
CREATE TABLE visits (id bigint PRIMARY KEY, seen_at timestamp);
-- migration
ALTER TABLE visits ALTER COLUMN seen_at TYPE date; -- ! loses-data, blocking-rewrite

-- bad: a table is made unlogged
-- union: 98
-- base
CREATE TABLE sessions (id bigint PRIMARY KEY);
-- migration
ALTER TABLE sessions SET UNLOGGED; -- ! loses-data, blocking-rewrite

-- bad: the database itself
-- union: 79
-- base
CREATE TABLE sessions (id bigint PRIMARY KEY);
-- migration
DROP DATABASE IF EXISTS shop_of_last_year; -- ! loses-data

-- good: what the same file created goes again
-- union: 74, 75, 80
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
CREATE TABLE import_of_users AS SELECT id, email FROM users;
ALTER TABLE import_of_users DROP COLUMN email;
TRUNCATE import_of_users;
DELETE FROM import_of_users;
DROP TABLE import_of_users;

-- good: a DELETE that says which row
-- union: 113
-- base
CREATE TABLE sessions (id bigint PRIMARY KEY, expires_at timestamptz);
-- migration
DELETE FROM sessions WHERE id = 7;

-- good: a schema without tables
-- union: 79
-- base
CREATE SCHEMA billing;
-- migration
DROP SCHEMA billing;

-- good: a generated column can be generated again, but is still missed
-- base
CREATE TABLE users (id bigint PRIMARY KEY, name text, name_lower text GENERATED ALWAYS AS (lower(name)) STORED);
-- migration
ALTER TABLE users DROP COLUMN name_lower; -- ! breaks-running-release

-- good: a table without a page loses nothing, but is still missed
-- sizes: public.invoices 0 rows 0 bytes
-- base
CREATE TABLE invoices (id bigint PRIMARY KEY);
-- migration
DROP TABLE invoices; -- ! breaks-running-release

-- good: a wider type keeps every value
-- union: 29
-- base
CREATE TABLE prices (id bigint PRIMARY KEY, code varchar(10), amount numeric(10, 2));
-- migration
ALTER TABLE prices ALTER COLUMN code TYPE varchar(20), ALTER COLUMN amount TYPE numeric(14, 2);

-- bad: DELETE with a condition that is none
-- union: 113
-- base
CREATE TABLE sessions (id bigint PRIMARY KEY);
-- migration
DELETE FROM sessions WHERE true; -- ! loses-data

-- good: a column that the same file added goes again
-- union: 75
-- transaction: file
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
ALTER TABLE users ADD COLUMN draft text;
ALTER TABLE users DROP COLUMN draft;

-- bad: foreign keys of other tables go with it
-- union: 75
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint CONSTRAINT orders_user_fk REFERENCES users (id));
-- migration
DROP TABLE users CASCADE; -- ! loses-data

-- bad: a partitioned table goes with the function that its rows are parted by
-- union: 79
-- base
CREATE FUNCTION bucket(n int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT n % 2 $$;
CREATE TABLE events (n int) PARTITION BY LIST (bucket(n));
CREATE TABLE events_0 PARTITION OF events FOR VALUES IN (0);
-- migration
DROP FUNCTION bucket(int) CASCADE; -- ! loses-data

-- bad: a column and what rests on it in other places
-- union: 75
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL UNIQUE, CHECK (email <> ''));
CREATE INDEX users_mail ON users (lower(email));
CREATE TABLE orders (id bigint PRIMARY KEY, mail text CONSTRAINT orders_mail REFERENCES users (email));
-- migration
ALTER TABLE users DROP COLUMN email CASCADE; -- ! loses-data
