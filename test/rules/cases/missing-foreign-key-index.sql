-- bad: no index on the referencing column
-- union: 50
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id)); -- i missing-foreign-key-index

-- bad: a large table
-- union: 50
-- sizes: public.orders 2000000 rows 400000000 bytes
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint);
-- migration
ALTER TABLE orders ADD CONSTRAINT orders_user_fk FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID; -- ! missing-foreign-key-index
ALTER TABLE orders VALIDATE CONSTRAINT orders_user_fk;

-- good: an index follows
-- union: 50
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id));
CREATE INDEX orders_user_id_idx ON orders (user_id, id);

-- good: the primary key begins with it
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
CREATE TABLE members (user_id bigint REFERENCES users (id), team_id bigint, PRIMARY KEY (user_id, team_id));

-- good: an index that leaves nulls out
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id));
CREATE INDEX orders_user_id_idx ON orders (user_id) WHERE user_id IS NOT NULL;

-- good: what happens on delete is the author's decision
-- union: 51
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id), a text, b text, c text);
CREATE INDEX orders_many_idx ON orders (user_id, a, b, c);

-- bad: a new column, whose index can only come after it
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY);
-- migration
ALTER TABLE orders ADD COLUMN user_id bigint REFERENCES users (id); -- i missing-foreign-key-index

-- bad: a foreign key that is taken off and added again
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint);
-- migration
ALTER TABLE orders ADD CONSTRAINT orders_user_fk FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;
ALTER TABLE orders DROP CONSTRAINT orders_user_fk;
ALTER TABLE orders ADD CONSTRAINT orders_user_fk FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE NOT VALID; -- i missing-foreign-key-index
ALTER TABLE orders VALIDATE CONSTRAINT orders_user_fk;

-- good: a foreign key that is taken off again
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint);
-- migration
ALTER TABLE orders ADD CONSTRAINT orders_user_fk FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;
ALTER TABLE orders DROP CONSTRAINT orders_user_fk;
