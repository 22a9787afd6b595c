-- bad: no place given
-- union: 87
-- base
CREATE TYPE mood AS ENUM ('sad', 'glad');
-- migration
ALTER TYPE mood ADD VALUE 'ok'; -- i enum-value-order

-- good: between two others
-- union: 87
-- base
CREATE TYPE mood AS ENUM ('sad', 'glad');
-- migration
ALTER TYPE mood ADD VALUE 'ok' BEFORE 'glad';

-- good: a new type has the order that it is given
-- union: 90
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
CREATE TYPE mood AS ENUM ('sad', 'ok', 'glad');
ALTER TABLE users ADD COLUMN feels mood;
