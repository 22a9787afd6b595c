-- bad: the caller's search_path
-- union: 101
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
CREATE FUNCTION email_of(user_id bigint) RETURNS text LANGUAGE sql SECURITY DEFINER -- ! security-definer-search-path
AS 'SELECT email FROM users WHERE id = user_id';

-- bad: made so later
-- union: 101
-- base
CREATE FUNCTION one() RETURNS integer LANGUAGE sql AS 'SELECT 1';
-- migration
ALTER FUNCTION one() SECURITY DEFINER; -- ! security-definer-search-path

-- good: its own search_path
-- union: 101
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
CREATE FUNCTION email_of(user_id bigint) RETURNS text LANGUAGE sql SECURITY DEFINER
SET search_path = public, pg_temp
AS 'SELECT email FROM users WHERE id = user_id';

-- good: set by a later statement, or bound when it is created
-- base
CREATE TABLE users (id bigint PRIMARY KEY, email text);
-- migration
CREATE FUNCTION email_of(user_id bigint) RETURNS text LANGUAGE sql SECURITY DEFINER
AS 'SELECT email FROM users WHERE id = user_id';
ALTER FUNCTION email_of SET search_path = public, pg_temp;
CREATE FUNCTION two() RETURNS integer LANGUAGE sql SECURITY DEFINER BEGIN ATOMIC SELECT 2; END;
