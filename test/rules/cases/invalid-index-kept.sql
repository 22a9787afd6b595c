-- bad: a retry would keep what a failed build left
-- union: 66
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS users_email_key ON users (email); -- ! invalid-index-kept

-- bad: a query of its own, which can hold no other statement
-- transaction: query
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS users_email_key ON users (email); -- ! invalid-index-kept

-- good: what a failed attempt left is dropped first
-- union: 66
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
DROP INDEX CONCURRENTLY IF EXISTS users_email_key;
CREATE UNIQUE INDEX CONCURRENTLY users_email_key ON users (email);

-- good: dropped first, with IF NOT EXISTS
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
DROP INDEX CONCURRENTLY IF EXISTS users_email_key;
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS users_email_key ON users (email);

-- good: the index is there and valid
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE INDEX users_email_idx ON users (email);
-- migration
CREATE INDEX CONCURRENTLY IF NOT EXISTS users_email_idx ON users (email);

-- good: the table is made in the same file
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
CREATE TABLE teams (id bigint PRIMARY KEY, name text);
CREATE INDEX CONCURRENTLY IF NOT EXISTS teams_name_idx ON teams (name);
