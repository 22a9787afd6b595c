-- bad: two tables, one lock after the other, without a limit
-- union: 110
-- transaction: file
-- runner: none
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY);
-- migration
ALTER TABLE users ADD COLUMN email text; -- ! lock-without-timeout
ALTER TABLE orders ADD COLUMN total numeric; -- ! many-tables-locked

-- bad: foreign keys of new tables lock the tables they reference
-- union: 49
-- transaction: query
-- runner: none
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE plans (id bigint PRIMARY KEY);
-- migration
CREATE TABLE carts (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id)); -- ! lock-without-timeout
CREATE INDEX ON carts (user_id);
CREATE TABLE prices (id bigint PRIMARY KEY, plan_id bigint REFERENCES plans (id)); -- ! many-tables-locked
CREATE INDEX ON prices (plan_id);

-- good: a limit makes it advice
-- union: 110
-- transaction: file
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY);
-- migration
ALTER TABLE users ADD COLUMN email text;
ALTER TABLE orders ADD COLUMN total numeric; -- i many-tables-locked

-- good: each table in a transaction of its own
-- union: 110
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY);
-- migration
ALTER TABLE users ADD COLUMN email text;
ALTER TABLE orders ADD COLUMN total numeric;

-- good: one table more than once
-- union: 109
-- transaction: file
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
ALTER TABLE users ADD COLUMN email text;
ALTER TABLE users ADD COLUMN name text;

-- good: new tables that reference, each in a transaction of its own
-- union: 49
-- runner: none
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE plans (id bigint PRIMARY KEY);
-- migration
SET lock_timeout = '3s';
CREATE TABLE carts (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id));
CREATE INDEX ON carts (user_id);
CREATE TABLE prices (id bigint PRIMARY KEY, plan_id bigint REFERENCES plans (id));
CREATE INDEX ON prices (plan_id);
