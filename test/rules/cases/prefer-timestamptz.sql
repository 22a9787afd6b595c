-- bad: in a new table
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
CREATE TABLE things (id bigint PRIMARY KEY, seen_at timestamp); -- i prefer-timestamptz

-- bad: in a new column
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
ALTER TABLE users ADD COLUMN seen_at timestamp; -- i prefer-timestamptz

-- good: the other type
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
CREATE TABLE things (id bigint PRIMARY KEY, seen_at timestamptz);
