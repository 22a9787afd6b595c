-- bad: no down file beside it
-- union: 83
-- down: missing
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
ALTER TABLE users ADD COLUMN email text; -- i no-way-back

-- bad: an enum value stays
-- union: 83
-- down: there
-- base
CREATE TYPE mood AS ENUM ('sad', 'glad');
-- migration
ALTER TYPE mood ADD VALUE 'ok' BEFORE 'glad'; -- i no-way-back

-- good: a down file beside it
-- union: 83
-- down: there
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
ALTER TABLE users ADD COLUMN email text;

-- good: a folder without down files
-- union: 83
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
ALTER TABLE users ADD COLUMN email text;
