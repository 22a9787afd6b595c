-- bad: every row in one statement
-- union: 113
-- base
CREATE TABLE users (id bigint PRIMARY KEY, plan text);
-- migration
UPDATE users SET plan = 'free'; -- ! unbatched-change

-- bad: a condition that every row meets after the column was added
-- union: 113
-- base
CREATE TABLE users (id bigint PRIMARY KEY, full_name text, display_name text);
-- migration
UPDATE users SET display_name = full_name WHERE display_name IS NULL; -- ! unbatched-change

-- bad: a copy of a whole table
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE TABLE contacts (id bigint PRIMARY KEY, email text);
-- migration
INSERT INTO contacts (id, email) SELECT id, email FROM users; -- ! unbatched-change

-- bad: a share of the rows that the text does not bound
-- base
CREATE TABLE events (id bigint PRIMARY KEY, kind text);
-- migration
DELETE FROM events WHERE kind = 'click'; -- i unbatched-change

-- bad: in a DO block
-- union: 102
-- base
CREATE TABLE users (id bigint PRIMARY KEY, plan text);
-- migration
DO $$ -- ! unbatched-change
BEGIN
  UPDATE users SET plan = 'free';
END $$;

-- bad: rows that a condition takes out, of a large table
-- sizes: public.events 20000000 rows 4000000000 bytes
-- base
CREATE TABLE events (id bigint PRIMARY KEY, kind text);
-- migration
DELETE FROM events WHERE kind IS NULL; -- ! unbatched-change

-- good: rows by their key
-- union: 113
-- base
CREATE TABLE users (id bigint PRIMARY KEY, plan text);
-- migration
UPDATE users SET plan = 'free' WHERE id BETWEEN 1 AND 1000;
UPDATE users SET plan = 'free' WHERE id IN (1, 2, 3);

-- good: a table that the sizes show small
-- sizes: public.plans 12 rows 8192 bytes
-- base
CREATE TABLE plans (id bigint PRIMARY KEY, price numeric);
-- migration
UPDATE plans SET price = price * 1.1;

-- good: a table that the same file made
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
CREATE TABLE contacts (id bigint PRIMARY KEY, email text);
INSERT INTO contacts (id, email) SELECT id, email FROM users;
UPDATE contacts SET email = lower(email);

-- bad: a change in the WITH of a query
-- base
CREATE TABLE users (id bigint PRIMARY KEY, plan text);
-- migration
WITH changed AS (UPDATE users SET plan = 'free' RETURNING id) SELECT count(*) FROM changed; -- ! unbatched-change

-- good: a batch that is moved
-- base
CREATE TABLE users (id bigint PRIMARY KEY, plan text);
CREATE TABLE gone (id bigint PRIMARY KEY, plan text);
-- migration
WITH moved AS (DELETE FROM users WHERE id IN (SELECT id FROM users ORDER BY id LIMIT 1000) RETURNING id, plan)
INSERT INTO gone (id, plan) SELECT id, plan FROM moved;

-- bad: rows that another table decides on
-- base
CREATE TABLE users (id bigint PRIMARY KEY, plan text);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint);
-- migration
UPDATE users SET plan = 'paid' FROM orders o WHERE users.id = o.user_id; -- ! unbatched-change
DELETE FROM orders USING users u WHERE u.id = orders.user_id AND u.plan = 'none'; -- i unbatched-change

-- bad: a condition that is none
-- base
CREATE TABLE users (id bigint PRIMARY KEY, plan text);
-- migration
UPDATE users SET plan = 'free' WHERE 1 = 1; -- ! unbatched-change

-- bad: MERGE of a whole table
-- pg: 15-18
-- base
CREATE TABLE users (id bigint PRIMARY KEY, plan text);
CREATE TABLE imported (id bigint PRIMARY KEY, plan text);
-- migration
MERGE INTO users u USING imported i ON u.id = i.id WHEN MATCHED THEN UPDATE SET plan = i.plan; -- ! unbatched-change

-- bad: a copy of a table of this file that was filled from another one
-- base
CREATE TABLE users (id bigint PRIMARY KEY, plan text);
CREATE TABLE plans (id bigint PRIMARY KEY, name text);
-- migration
CREATE TABLE import_of_users AS SELECT id, plan FROM users;
INSERT INTO plans (id, name) SELECT id, plan FROM import_of_users; -- ! unbatched-change

-- good: rows of a table of this file
-- base
CREATE TABLE users (id bigint PRIMARY KEY, plan text);
-- migration
CREATE TABLE seeds (id bigint PRIMARY KEY, plan text);
INSERT INTO seeds VALUES (1, 'free'), (2, 'paid');
INSERT INTO users (id, plan) SELECT id, plan FROM seeds;

-- good: a copy of a small table into a large one
-- sizes: public.plans 12 rows 8192 bytes; public.users 20000000 rows 4000000000 bytes
-- base
CREATE TABLE users (id bigint PRIMARY KEY, plan text);
CREATE TABLE plans (id bigint PRIMARY KEY, name text);
-- migration
INSERT INTO users (id, plan) SELECT id, name FROM plans;

-- good: a range of the key with both ends
-- base
CREATE TABLE users (id bigint PRIMARY KEY, plan text);
-- migration
UPDATE users u SET plan = 'free' WHERE u.id > 1000 AND 2000 >= u.id AND plan IS NULL;

-- bad: a copy of what a query before it finds
-- base
CREATE TABLE users (id bigint PRIMARY KEY, plan text);
CREATE TABLE payers (id bigint PRIMARY KEY);
-- migration
WITH paying AS (SELECT id FROM users WHERE plan IS NOT NULL) INSERT INTO payers (id) SELECT id FROM paying; -- ! unbatched-change
WITH paying AS (SELECT id FROM users WHERE plan = 'pro') INSERT INTO payers (id) SELECT id FROM paying; -- i unbatched-change
WITH batch AS (SELECT id FROM users ORDER BY id LIMIT 1000) INSERT INTO payers (id) SELECT id FROM batch;
