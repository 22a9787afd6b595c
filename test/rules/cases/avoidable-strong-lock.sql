-- bad: an index dropped with its table locked
-- union: 59
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE INDEX users_email_idx ON users (email);
-- migration
DROP INDEX users_email_idx; -- ! avoidable-strong-lock

-- bad: several indexes at once
-- union: 59
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text, "Age" integer);
CREATE INDEX users_email_idx ON users (email);
CREATE INDEX "users_Age" ON users ("Age");
-- migration
DROP INDEX IF EXISTS users_email_idx, public."users_Age"; -- ! avoidable-strong-lock

-- good: an index dropped concurrently
-- union: 59
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE INDEX users_email_idx ON users (email);
-- migration
DROP INDEX CONCURRENTLY users_email_idx;

-- bad: a materialized view filled again while nobody can read it
-- union: 96
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE MATERIALIZED VIEW ids AS SELECT id FROM users;
CREATE UNIQUE INDEX ids_key ON ids (id);
-- migration
REFRESH MATERIALIZED VIEW ids; -- ! avoidable-strong-lock

-- good: a materialized view filled again beside its readers
-- union: 96
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE MATERIALIZED VIEW ids AS SELECT id FROM users;
CREATE UNIQUE INDEX ids_key ON ids (id);
-- migration
REFRESH MATERIALIZED VIEW CONCURRENTLY ids;

-- good: a materialized view that was never filled
-- union: 96
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE MATERIALIZED VIEW ids AS SELECT id FROM users WITH NO DATA;
-- migration
REFRESH MATERIALIZED VIEW ids;

-- bad: a partition detached with the whole table locked
-- union: 92
-- base
CREATE TABLE metrics (id bigint, taken_at date NOT NULL) PARTITION BY RANGE (taken_at);
CREATE TABLE metrics_2024 PARTITION OF metrics FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
-- migration
ALTER TABLE metrics DETACH PARTITION metrics_2024; -- ! avoidable-strong-lock

-- good: a partition detached concurrently
-- union: 92, 94
-- base
CREATE TABLE metrics (id bigint, taken_at date NOT NULL) PARTITION BY RANGE (taken_at);
CREATE TABLE metrics_2024 PARTITION OF metrics FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
-- migration
ALTER TABLE metrics DETACH PARTITION metrics_2024 CONCURRENTLY;

-- bad: an index dropped with the foreign keys that rely on it
-- union: 59
-- base
CREATE TABLE users (id bigint PRIMARY KEY, number integer NOT NULL);
CREATE UNIQUE INDEX users_number_key ON users (number);
CREATE TABLE orders (id bigint PRIMARY KEY, "User" integer CONSTRAINT orders_user_fk REFERENCES users (number));
-- migration
DROP INDEX users_number_key CASCADE; -- ! avoidable-strong-lock -- i breaks-running-release

-- bad: CASCADE where nothing hangs on the index
-- union: 59
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE INDEX users_email_idx ON users (email);
-- migration
DROP INDEX users_email_idx CASCADE; -- ! avoidable-strong-lock

-- good: the transaction has the table locked as strongly already
-- transaction: file
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE INDEX users_email_idx ON users (email);
-- migration
ALTER TABLE users ADD COLUMN nick text;
DROP INDEX users_email_idx;

-- bad: what the transaction holds lets readers in
-- transaction: file
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE INDEX users_email_idx ON users (email);
CREATE FUNCTION kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
-- migration
CREATE TRIGGER users_kept BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION kept();
DROP INDEX users_email_idx; -- ! avoidable-strong-lock
