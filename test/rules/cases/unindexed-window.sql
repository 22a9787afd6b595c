-- bad: the old index goes first
-- union: 70
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text, name text);
CREATE INDEX users_email_idx ON users (email);
-- migration
DROP INDEX CONCURRENTLY users_email_idx; -- ! unindexed-window
CREATE INDEX CONCURRENTLY users_email_idx ON users (email, name);

-- bad: another name, something between, and names that want quotes
-- union: 70
-- base
CREATE TABLE "Order Items" (id bigint PRIMARY KEY, "Sku" text);
CREATE INDEX "By Sku" ON "Order Items" ("Sku");
-- migration
DROP INDEX CONCURRENTLY "By Sku"; -- ! unindexed-window
COMMENT ON COLUMN "Order Items"."Sku" IS 'as printed';
CREATE INDEX CONCURRENTLY "Items By Sku" ON "Order Items" ("Sku" text_pattern_ops);

-- good: the new index first, then the old one's name
-- union: 70
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text, name text);
CREATE INDEX users_email_idx ON users (email);
-- migration
CREATE INDEX CONCURRENTLY users_email_idx_new ON users (email, name);
DROP INDEX CONCURRENTLY users_email_idx;
ALTER INDEX users_email_idx_new RENAME TO users_email_idx;

-- good: both in one transaction, where nobody sees the table without
-- transaction: file
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text, name text);
CREATE INDEX users_email_idx ON users (email);
-- migration
DROP INDEX users_email_idx; -- ! avoidable-strong-lock
CREATE INDEX users_email_idx ON users (email, name); -- ! blocking-index-build, lock-held-during-work

-- good: another index begins with the column
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text, name text);
CREATE INDEX users_email_idx ON users (email);
CREATE UNIQUE INDEX users_email_key ON users (email, id);
-- migration
DROP INDEX CONCURRENTLY users_email_idx;
CREATE INDEX CONCURRENTLY users_email_name_idx ON users (email, name);

-- good: an index of another column, and one that is made and goes again
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text, name text);
CREATE INDEX users_email_idx ON users (email);
-- migration
DROP INDEX CONCURRENTLY users_email_idx;
CREATE INDEX CONCURRENTLY users_name_idx ON users (name);
DROP INDEX CONCURRENTLY users_name_idx;
CREATE INDEX CONCURRENTLY users_name_idx ON users (name);
