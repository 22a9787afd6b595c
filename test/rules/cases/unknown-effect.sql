-- bad: a block that makes its statements at run time
-- union: 102
-- only: predicted
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE commands (sql text);
-- migration
DO $$ BEGIN EXECUTE (SELECT sql FROM commands LIMIT 1); END $$; -- ! unknown-effect

-- good: a block whose statements are in its text
-- union: 102
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
DO $$ BEGIN ALTER TABLE users ADD COLUMN email text; END $$;

-- good: a query is known
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
SELECT 1;
