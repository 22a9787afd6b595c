-- bad: a limit, and a tool that runs the file once
-- union: 115
-- runner: none
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
SET lock_timeout = '3s';
ALTER TABLE users ADD COLUMN email text; -- i timeout-without-retry
ALTER TABLE users ADD COLUMN name text;

-- bad: in the transaction of the tool
-- union: 115
-- runner: none
-- transaction: file
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
SET LOCAL statement_timeout = '2s';
ALTER TABLE users ADD COLUMN email text; -- i timeout-without-retry

-- good: the runner tries again
-- union: 115
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
ALTER TABLE users ADD COLUMN email text;

-- good: nothing to wait for
-- union: 115
-- runner: none
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
SET lock_timeout = '3s';
CREATE TABLE teams (id bigint PRIMARY KEY);
COMMENT ON TABLE users IS 'people';
