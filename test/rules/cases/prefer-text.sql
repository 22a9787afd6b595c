-- bad: in a new table
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
CREATE TABLE things (id bigint PRIMARY KEY, name varchar(50)); -- i prefer-text

-- bad: in a new column
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
ALTER TABLE users ADD COLUMN name varchar(50); -- i prefer-text

-- good: the other type
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
CREATE TABLE things (id bigint PRIMARY KEY, name text, code varchar);
