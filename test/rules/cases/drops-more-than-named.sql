-- bad: the foreign keys that rely on a primary key
-- union: 79
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL CONSTRAINT orders_user_fk REFERENCES users (id), parent bigint REFERENCES orders (id));
ALTER TABLE users REPLICA IDENTITY FULL;
ALTER TABLE orders REPLICA IDENTITY FULL;
-- migration
ALTER TABLE users DROP CONSTRAINT users_pkey CASCADE; -- ! drops-more-than-named -- i breaks-running-release
ALTER TABLE orders DROP CONSTRAINT orders_pkey CASCADE; -- ! drops-more-than-named -- i breaks-running-release

-- bad: and on a unique constraint
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL CONSTRAINT users_email UNIQUE);
CREATE TABLE orders (id bigint PRIMARY KEY, mail text CONSTRAINT "orders Mail" REFERENCES users (email));
-- migration
ALTER TABLE users DROP CONSTRAINT users_email CASCADE; -- ! drops-more-than-named -- i breaks-running-release

-- bad: an index, a CHECK, a default and a trigger go with their function
-- base
CREATE FUNCTION norm(t text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT lower(t) $$;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TABLE users (id bigint PRIMARY KEY, email text DEFAULT norm('A'), CONSTRAINT folded CHECK (norm(email) = email));
CREATE INDEX users_norm ON users (norm(email));
CREATE TRIGGER touch BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();
-- migration
DROP FUNCTION norm(text) CASCADE; -- ! drops-more-than-named, breaks-running-release
DROP FUNCTION touch() CASCADE; -- ! drops-more-than-named

-- bad: a view that groups by the key and shows what hangs on it
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint);
CREATE VIEW counts AS SELECT users.id, email, count(*) FROM users JOIN orders ON user_id = users.id GROUP BY users.id;
CREATE VIEW plain AS SELECT id, email FROM users;
ALTER TABLE users REPLICA IDENTITY FULL;
-- migration
ALTER TABLE users DROP CONSTRAINT users_pkey CASCADE; -- ! drops-more-than-named, breaks-running-release

-- bad: views over a view
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
CREATE VIEW people AS SELECT id, email FROM users;
CREATE VIEW mails AS SELECT email FROM people;
-- migration
DROP VIEW people CASCADE; -- ! drops-more-than-named, breaks-running-release

-- good: what is dropped along is made again, and CASCADE where nothing hangs on it
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL CONSTRAINT users_email UNIQUE, CHECK (id > 0));
CREATE VIEW people AS SELECT id, email FROM users;
CREATE VIEW mails AS SELECT email FROM people;
CREATE FUNCTION unused() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$;
-- migration
BEGIN;
DROP VIEW people CASCADE;
CREATE VIEW people AS SELECT id, email, true AS active FROM users;
CREATE VIEW mails AS SELECT email FROM people WHERE active;
COMMIT;
ALTER TABLE users DROP CONSTRAINT users_email CASCADE; -- i breaks-running-release

-- good: parts of what is named
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text, code text, CONSTRAINT users_code UNIQUE (code), CHECK (email <> ''));
CREATE INDEX users_email ON users (email) WHERE email <> '';
CREATE VIEW active AS SELECT id FROM users;
-- migration
ALTER TABLE users DROP CONSTRAINT users_code CASCADE; -- i breaks-running-release
CREATE TABLE drafts (id bigint PRIMARY KEY, user_id bigint);
CREATE VIEW newest AS SELECT id FROM drafts;
DROP TABLE drafts CASCADE;
