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
-- union: 105, 106
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

-- bad: a column that is there already is skipped, but not before the lock
-- union: 17
-- runner: none
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
ALTER TABLE users ADD COLUMN IF NOT EXISTS email text; -- ! lock-without-timeout

-- bad: a foreign key that goes locks the table that it referenced
-- union: 47
-- runner: none
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint CONSTRAINT orders_user_fk REFERENCES users (id));
-- migration
ALTER TABLE orders DROP CONSTRAINT orders_user_fk; -- ! lock-without-timeout

-- bad: an index that is there already is skipped, but not before the lock
-- union: 67
-- runner: none
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE INDEX users_email_idx ON users (email);
-- migration
CREATE INDEX IF NOT EXISTS users_email_idx ON users (email); -- ! lock-without-timeout

-- bad: a partition that is dropped locks the whole table
-- union: 94
-- runner: none
-- base
CREATE TABLE metrics (id bigint NOT NULL, taken_at date NOT NULL) PARTITION BY RANGE (taken_at);
CREATE TABLE metrics_2024 PARTITION OF metrics FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
-- migration
DROP TABLE metrics_2024; -- ! lock-without-timeout, loses-data

-- bad: a trigger
-- union: 95
-- runner: none
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
-- migration
CREATE TRIGGER users_touch BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch(); -- ! lock-without-timeout

-- bad: LOCK TABLE
-- union: 103
-- runner: none
-- transaction: file
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
LOCK TABLE users IN SHARE MODE; -- ! lock-without-timeout

-- bad: a sequence that inserts take numbers from
-- union: 104
-- runner: none
-- base
CREATE TABLE orders (id bigserial PRIMARY KEY);
-- migration
ALTER SEQUENCE orders_id_seq INCREMENT BY 10; -- ! lock-without-timeout

-- good: what locks too little for anybody to wait
-- union: 38, 100
-- runner: none
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text, name text);
-- migration
COMMENT ON TABLE users IS 'customers';
CREATE STATISTICS users_names ON email, name FROM users;
CREATE PUBLICATION changes FOR TABLE users;

-- good: a trigger, a sequence and a lock within a limit
-- union: 95, 103, 104
-- runner: none
-- transaction: file
-- base
CREATE TABLE users (id bigserial PRIMARY KEY, email text);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
-- migration
SET LOCAL lock_timeout = '3s';
CREATE TRIGGER users_touch BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();
LOCK TABLE users IN SHARE MODE;
ALTER SEQUENCE users_id_seq INCREMENT BY 10;

-- bad: a lock, and later a build that waits by design
-- union: 73, 105
-- runner: none
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
ALTER TABLE users ADD COLUMN email text; -- ! lock-without-timeout
CREATE INDEX CONCURRENTLY users_email_idx ON users (email);

-- good: what is there already is skipped, within a limit
-- union: 17, 67
-- runner: none
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE INDEX users_email_idx ON users (email);
-- migration
SET lock_timeout = '3s';
ALTER TABLE users ADD COLUMN IF NOT EXISTS email text;
CREATE INDEX IF NOT EXISTS users_email_idx ON users (email);

-- bad: a new column that references locks both tables
-- union: 12
-- runner: none
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY);
-- migration
ALTER TABLE orders ADD COLUMN user_id bigint REFERENCES users (id); -- ! lock-without-timeout
CREATE INDEX CONCURRENTLY orders_user_id_idx ON orders (user_id);

-- bad: how a column is stored, which takes the strongest lock all the same
-- union: 38
-- runner: none
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
ALTER TABLE users ALTER COLUMN email SET STORAGE EXTERNAL; -- ! lock-without-timeout

-- bad: a constraint over an index that is there takes the strongest lock for a moment
-- union: 44
-- runner: none
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE UNIQUE INDEX users_email_key ON users (email);
-- migration
ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE USING INDEX users_email_key; -- ! lock-without-timeout

-- bad: an idle transaction is ended, but a wait for a lock is not
-- union: 108
-- runner: none
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
SET idle_in_transaction_session_timeout = '10s';
SET application_name = 'migrations';
ALTER TABLE users ADD COLUMN email text; -- ! lock-without-timeout

-- bad: a wider type of a referencing column reads nothing, but locks the referenced table too
-- union: 34
-- runner: none
-- base
CREATE TABLE users (code varchar(20) PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, user_code varchar(10) REFERENCES users);
CREATE INDEX ON orders (user_code);
-- migration
ALTER TABLE orders ALTER COLUMN user_code TYPE varchar(20); -- ! lock-without-timeout

-- bad: a new partition locks the whole table
-- union: 93
-- runner: none
-- base
CREATE TABLE metrics (id bigint, taken_at date NOT NULL) PARTITION BY RANGE (taken_at);
-- migration
CREATE TABLE metrics_2025 PARTITION OF metrics FOR VALUES FROM ('2025-01-01') TO ('2026-01-01'); -- ! lock-without-timeout

-- bad: a table and a column that go lock the tables that they referenced
-- union: 47
-- runner: none
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id));
CREATE TABLE carts (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id));
-- migration
DROP TABLE orders; -- ! lock-without-timeout, loses-data
ALTER TABLE carts DROP COLUMN user_id; -- ! loses-data

-- bad: a view that is replaced is locked against its readers
-- union: 82
-- runner: none
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE VIEW emails AS SELECT email FROM users;
-- migration
CREATE OR REPLACE VIEW emails AS SELECT lower(email) AS email FROM users; -- ! lock-without-timeout

-- bad: policies and rules take the strongest lock
-- union: 99
-- runner: none
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
-- migration
CREATE POLICY users_own ON users USING (id = 1); -- ! lock-without-timeout
CREATE RULE users_keep AS ON DELETE TO users DO ALSO NOTHING;

-- bad: triggers that are switched off and dropped
-- union: 95
-- runner: none
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER users_touch BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();
-- migration
ALTER TABLE users DISABLE TRIGGER users_touch; -- ! lock-without-timeout
DROP TRIGGER users_touch ON users;
