-- bad: a transaction that is never committed
-- union: 114
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
BEGIN; -- ! transaction-control
ALTER TABLE users ADD COLUMN email text;

-- bad: BEGIN inside a transaction
-- union: 114
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
BEGIN;
ALTER TABLE users ADD COLUMN email text;
BEGIN; -- ! transaction-control
ALTER TABLE users ADD COLUMN name text;
COMMIT;

-- bad: COMMIT in the transaction of the tool
-- union: 114
-- transaction: file
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
ALTER TABLE users ADD COLUMN email text;
COMMIT; -- ! transaction-control

-- bad: SET LOCAL outside a transaction
-- union: 107
-- runner: none
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
SET LOCAL lock_timeout = '5s'; -- ! transaction-control
ALTER TABLE users ADD COLUMN email text; -- ! lock-without-timeout

-- good: a transaction that is committed
-- union: 114
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
BEGIN;
SET LOCAL lock_timeout = '5s';
ALTER TABLE users ADD COLUMN email text;
COMMIT;
