-- bad: a serial key
-- union: 19
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
CREATE TABLE teams (id serial PRIMARY KEY, name text); -- i integer-key

-- bad: an integer identity
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
CREATE TABLE teams (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY); -- i integer-key

-- bad: a reference narrower than its key
-- union: 19
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
CREATE TABLE orders (id bigint PRIMARY KEY, user_id integer REFERENCES users (id)); -- ! integer-key
CREATE INDEX orders_user_id_idx ON orders (user_id);

-- good: bigint keys and references
-- union: 19
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
CREATE TABLE teams (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, level integer);
CREATE TABLE badges (team_id bigint PRIMARY KEY, number smallint);

-- good: a key as wide as the one that it refers to
-- base
CREATE TABLE plans (id integer PRIMARY KEY);
-- migration
CREATE TABLE plan_notes (plan_id integer PRIMARY KEY REFERENCES plans (id), note text);
ALTER TABLE plan_notes ADD COLUMN level smallint;
