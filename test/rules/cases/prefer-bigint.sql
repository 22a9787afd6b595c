-- bad: in a new table
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
CREATE TABLE things (id bigint PRIMARY KEY, amount integer); -- i prefer-bigint

-- bad: in a new column
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
ALTER TABLE users ADD COLUMN amount integer; -- i prefer-bigint

-- good: the other type
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
CREATE TABLE things (id bigint PRIMARY KEY, amount bigint);
