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
