-- bad: CONCURRENTLY in the transaction of the tool
-- union: 61
-- transaction: file
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
CREATE INDEX CONCURRENTLY users_email_idx ON users (email); -- ! fails-in-transaction

-- bad: CONCURRENTLY beside another statement of one query
-- union: 61
-- transaction: query
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
CREATE INDEX CONCURRENTLY users_email_idx ON users (email); -- ! fails-in-transaction
CREATE TABLE posts (id bigint PRIMARY KEY);

-- good: CONCURRENTLY as the only statement of a query
-- union: 61
-- transaction: query
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
CREATE INDEX CONCURRENTLY users_email_idx ON users (email);

-- bad: DROP INDEX CONCURRENTLY between BEGIN and COMMIT
-- union: 62
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE INDEX users_email_idx ON users (email);
-- migration
BEGIN;
DROP INDEX CONCURRENTLY users_email_idx; -- ! fails-in-transaction
COMMIT;

-- bad: VACUUM in the transaction of the tool
-- union: 62
-- transaction: file
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
VACUUM users; -- ! fails-in-transaction

-- bad: the next transaction begins with COMMIT AND CHAIN
-- union: 63
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
BEGIN;
ALTER TABLE users ADD COLUMN name text;
COMMIT AND CHAIN;
CREATE INDEX CONCURRENTLY users_name_idx ON users (name); -- ! fails-in-transaction
COMMIT;

-- good: after the COMMIT
-- union: 63
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
BEGIN;
ALTER TABLE users ADD COLUMN name text;
COMMIT;
CREATE INDEX CONCURRENTLY users_name_idx ON users (name);

-- good: after the ROLLBACK
-- union: 63
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
BEGIN;
ALTER TABLE users ADD COLUMN name text;
ROLLBACK; -- i transaction-control
CREATE INDEX CONCURRENTLY users_email_idx ON users (email);

-- bad: a new enum value used in the transaction that adds it
-- union: 85
-- transaction: file
-- base
CREATE TYPE mood AS ENUM ('ok', 'sad');
CREATE TABLE people (id bigint PRIMARY KEY, mood mood);
-- migration
ALTER TYPE mood ADD VALUE 'happy';
INSERT INTO people VALUES (1, 'happy'); -- ! fails-in-transaction

-- good: a new enum value used after the commit
-- union: 85
-- base
CREATE TYPE mood AS ENUM ('ok', 'sad');
CREATE TABLE people (id bigint PRIMARY KEY, mood mood);
-- migration
ALTER TYPE mood ADD VALUE 'happy';
INSERT INTO people VALUES (1, 'happy');

-- good: a new enum value that nobody uses yet
-- union: 84
-- transaction: file
-- base
CREATE TYPE mood AS ENUM ('ok', 'sad');
CREATE TABLE people (id bigint PRIMARY KEY, mood mood);
-- migration
ALTER TYPE mood ADD VALUE 'happy';

-- bad: a type made, extended and used in one transaction
-- union: 86
-- pg: 14-16
-- transaction: file
-- base
CREATE TABLE people (id bigint PRIMARY KEY);
-- migration
CREATE TYPE mood AS ENUM ('ok', 'sad');
ALTER TYPE mood ADD VALUE 'happy';
ALTER TABLE people ADD COLUMN mood mood DEFAULT 'happy'; -- ! fails-in-transaction

-- good: the same where Postgres knows that nobody else can see the type
-- union: 86
-- pg: 17-18
-- transaction: file
-- base
CREATE TABLE people (id bigint PRIMARY KEY);
-- migration
CREATE TYPE mood AS ENUM ('ok', 'sad');
ALTER TYPE mood ADD VALUE 'happy';
ALTER TABLE people ADD COLUMN mood mood DEFAULT 'happy';

-- good: what runs outside of transactions only, outside of one
-- union: 62
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE INDEX users_email_idx ON users (email);
CREATE TABLE metrics (id bigint, taken_at date NOT NULL) PARTITION BY RANGE (taken_at);
CREATE TABLE metrics_2024 PARTITION OF metrics FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
-- migration
REINDEX INDEX CONCURRENTLY users_email_idx;
DROP INDEX CONCURRENTLY users_email_idx;
ALTER TABLE metrics DETACH PARTITION metrics_2024 CONCURRENTLY;
VACUUM users;

-- bad: REINDEX and DETACH CONCURRENTLY between BEGIN and COMMIT
-- union: 62
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE TABLE metrics (id bigint, taken_at date NOT NULL) PARTITION BY RANGE (taken_at);
CREATE TABLE metrics_2024 PARTITION OF metrics FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
-- migration
BEGIN;
REINDEX TABLE CONCURRENTLY users; -- ! fails-in-transaction
ROLLBACK;
BEGIN;
ALTER TABLE metrics DETACH PARTITION metrics_2024 CONCURRENTLY; -- ! fails-in-transaction
ROLLBACK;
