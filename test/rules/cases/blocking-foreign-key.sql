-- bad: a foreign key that is checked at once
-- union: 40
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint);
CREATE INDEX ON orders (user_id);
-- migration
ALTER TABLE orders ADD CONSTRAINT orders_user_fk FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE; -- ! blocking-foreign-key

-- bad: a foreign key without a name, between quoted names
-- union: 40
-- base
CREATE TABLE "User" ("Id" bigint PRIMARY KEY);
CREATE TABLE "Order" ("Id" bigint PRIMARY KEY, "userId" bigint);
CREATE INDEX ON "Order" ("userId");
-- migration
ALTER TABLE "Order" ADD FOREIGN KEY ("userId") REFERENCES "User"; -- ! blocking-foreign-key

-- good: the foreign key in two steps
-- union: 40
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint);
CREATE INDEX ON orders (user_id);
-- migration
ALTER TABLE orders ADD CONSTRAINT orders_user_fk FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT orders_user_fk;

-- bad: a new column that references, with a default
-- union: 13
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY);
-- migration
ALTER TABLE orders ADD COLUMN user_id bigint DEFAULT 1 REFERENCES users (id); -- ! blocking-foreign-key -- i missing-foreign-key-index

-- good: a new column that references, all null
-- union: 12
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY);
-- migration
ALTER TABLE orders ADD COLUMN user_id bigint REFERENCES users (id);
CREATE INDEX CONCURRENTLY orders_user_id_idx ON orders (user_id);

-- good: a new table that references
-- union: 48
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id));
CREATE INDEX orders_user_id_idx ON orders (user_id);

-- good: a new column with a default, and its foreign key in two steps
-- union: 13
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY);
-- migration
ALTER TABLE orders ADD COLUMN user_id bigint DEFAULT 1;
CREATE INDEX CONCURRENTLY orders_user_id_idx ON orders (user_id);
ALTER TABLE orders ADD CONSTRAINT orders_user_fk FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT orders_user_fk;

-- bad: a foreign key in the place of another
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint CONSTRAINT orders_user_fk REFERENCES users);
CREATE INDEX orders_user_id_idx ON orders (user_id);
-- migration
ALTER TABLE orders DROP CONSTRAINT orders_user_fk, ADD CONSTRAINT orders_user_fk FOREIGN KEY (user_id) REFERENCES users ON DELETE CASCADE; -- ! blocking-foreign-key
