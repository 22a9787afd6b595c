-- bad: NOT VALID and VALIDATE in one transaction
-- union: 41
-- transaction: file
-- base
CREATE TABLE users (id bigint PRIMARY KEY, age integer);
-- migration
ALTER TABLE users ADD CONSTRAINT age_check CHECK (age > 0) NOT VALID;
ALTER TABLE users VALIDATE CONSTRAINT age_check; -- ! lock-held-during-work

-- good: NOT VALID and VALIDATE, each committing by itself
-- union: 41
-- base
CREATE TABLE users (id bigint PRIMARY KEY, age integer);
-- migration
ALTER TABLE users ADD CONSTRAINT age_check CHECK (age > 0) NOT VALID;
ALTER TABLE users VALIDATE CONSTRAINT age_check;

-- bad: an UPDATE of all rows while the table is locked
-- union: 111
-- transaction: file
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
ALTER TABLE users ADD COLUMN email_lower text;
UPDATE users SET email_lower = lower(email); -- ! lock-held-during-work, unbatched-change

-- bad: an index of another table is built meanwhile
-- union: 111
-- transaction: file
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE events (id bigint PRIMARY KEY, kind text);
-- migration
ALTER TABLE users ADD COLUMN email text;
CREATE INDEX events_kind_idx ON events (kind); -- ! blocking-index-build, lock-held-during-work -- i many-tables-locked

-- bad: a lock that blocks only writes is held too
-- union: 112
-- transaction: file
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint);
CREATE INDEX ON orders (user_id);
-- migration
ALTER TABLE orders ADD CONSTRAINT orders_user_fk FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT orders_user_fk; -- ! lock-held-during-work

-- good: the transaction ends in between
-- union: 111, 112
-- base
CREATE TABLE users (id bigint PRIMARY KEY, age integer);
-- migration
BEGIN;
ALTER TABLE users ADD CONSTRAINT age_check CHECK (age > 0) NOT VALID;
COMMIT;
ALTER TABLE users VALIDATE CONSTRAINT age_check;

-- good: changes of the catalog alone
-- union: 109
-- transaction: file
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
ALTER TABLE users ADD COLUMN email text;
ALTER TABLE users ADD COLUMN name text;

-- good: the rows of a new table
-- union: 111
-- transaction: file
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
ALTER TABLE users ADD COLUMN email text;
CREATE TABLE plans (id bigint PRIMARY KEY, name text);
INSERT INTO plans VALUES (1, 'free'), (2, 'paid');

-- good: what is held besides is an index of the same table
-- transaction: file
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text, age integer);
CREATE INDEX users_email_idx ON users (email);
-- migration
DROP INDEX users_email_idx; -- ! avoidable-strong-lock
ALTER TABLE users ADD CONSTRAINT age_check CHECK (age > 0); -- ! blocking-scan
