-- bad: in a new table
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
CREATE TABLE things (id bigint PRIMARY KEY, code char(5)); -- i no-char

-- bad: in a new column
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
ALTER TABLE users ADD COLUMN code char(5); -- i no-char

-- good: the other type
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
CREATE TABLE things (id bigint PRIMARY KEY, code text);
