-- bad: a strong lock, and nothing limits the wait for it
-- union: 105
-- runner: none
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
ALTER TABLE users ADD COLUMN email text; -- ! lock-without-timeout
ALTER TABLE users ADD COLUMN name text;

-- bad: the limit is set after the first lock
-- union: 106
-- runner: none
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
ALTER TABLE users ADD COLUMN email text; -- ! lock-without-timeout
SET lock_timeout = '5s';
ALTER TABLE users ADD COLUMN name text;

-- bad: zero means no limit
-- union: 106
-- runner: none
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
SET lock_timeout = 0;
ALTER TABLE users ADD COLUMN email text; -- ! lock-without-timeout

-- bad: a limit longer than users put up with
-- union: 106
-- runner: none
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
SET lock_timeout = '10min';
ALTER TABLE users ADD COLUMN email text; -- ! lock-without-timeout

-- bad: SET LOCAL that ended with its transaction
-- union: 107
-- runner: none
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
BEGIN;
SET LOCAL lock_timeout = '5s';
COMMIT;
ALTER TABLE users ADD COLUMN email text; -- ! lock-without-timeout

-- bad: a limit that was taken back
-- union: 107
-- runner: none
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
SET lock_timeout = '5s';
RESET lock_timeout;
ALTER TABLE users ADD COLUMN email text; -- ! lock-without-timeout

-- bad: a new table locks the one it references
-- union: 48, 105
-- runner: none
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id)); -- ! lock-without-timeout
CREATE INDEX orders_user_id_idx ON orders (user_id);

-- good: a limit before the first lock
-- union: 105
-- runner: none
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
SET lock_timeout = '5s';
ALTER TABLE users ADD COLUMN email text;

-- good: a limit set through set_config
-- union: 107
-- runner: none
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
SELECT set_config('lock_timeout', '5s', false);
ALTER TABLE users ADD COLUMN email text;

-- good: a limit inside the transaction
-- union: 107
-- runner: none
-- transaction: file
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
SET LOCAL lock_timeout = '5s';
ALTER TABLE users ADD COLUMN email text;

-- good: statement_timeout counts waits too
-- union: 108
-- runner: none
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
SET statement_timeout = '5s';
ALTER TABLE users ADD COLUMN email text;

-- good: what runs the migrations sets the limit
-- union: 105
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
ALTER TABLE users ADD COLUMN email text;

-- good: CONCURRENTLY waits by design and blocks nobody
-- union: 73, 105
-- runner: none
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
CREATE INDEX CONCURRENTLY users_email_idx ON users (email);

-- good: settings of a table need a weak lock only
-- union: 38, 105
-- runner: none
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
ALTER TABLE users ALTER COLUMN email SET STATISTICS 500;
ALTER TABLE users SET (fillfactor = 90);
COMMENT ON TABLE users IS 'people';
