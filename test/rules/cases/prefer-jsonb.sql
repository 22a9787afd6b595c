-- bad: in a new table
-- union: 16
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
CREATE TABLE things (id bigint PRIMARY KEY, data json); -- i prefer-jsonb

-- bad: in a new column
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
ALTER TABLE users ADD COLUMN data json; -- i prefer-jsonb

-- good: the other type
-- union: 16
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
CREATE TABLE things (id bigint PRIMARY KEY, data jsonb);
