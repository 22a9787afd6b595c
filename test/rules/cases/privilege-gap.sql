-- bad: a new table that the role of the others may not use
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE teams (id bigint PRIMARY KEY);
CREATE TABLE notes (id bigint PRIMARY KEY);
GRANT SELECT, INSERT ON users, teams, notes TO pg_monitor;
-- migration
CREATE TABLE invoices (id bigint PRIMARY KEY); -- ! privilege-gap

-- bad: a new view over tables that are granted
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE teams (id bigint PRIMARY KEY);
CREATE TABLE notes (id bigint PRIMARY KEY);
GRANT SELECT, INSERT ON users, teams, notes TO pg_monitor;
-- migration
CREATE VIEW names AS SELECT id FROM users; -- ! privilege-gap

-- bad: a table that is granted, but not the sequence that its rows are numbered from
-- base
CREATE TABLE users (id bigserial PRIMARY KEY);
CREATE TABLE teams (id bigserial PRIMARY KEY);
CREATE TABLE notes (id bigserial PRIMARY KEY);
GRANT INSERT ON ALL TABLES IN SCHEMA public TO pg_monitor;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO pg_monitor;
-- migration
CREATE TABLE invoices (id bigserial PRIMARY KEY); -- ! privilege-gap
GRANT INSERT ON invoices TO pg_monitor;

-- bad: a new function where the others were taken from everybody
-- base
CREATE FUNCTION one() RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION two() RETURNS integer LANGUAGE sql AS 'SELECT 2';
CREATE FUNCTION three() RETURNS integer LANGUAGE sql AS 'SELECT 3';
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO pg_monitor;
-- migration
CREATE FUNCTION four() RETURNS integer LANGUAGE sql AS 'SELECT 4'; -- ! privilege-gap
REVOKE EXECUTE ON FUNCTION four() FROM PUBLIC;

-- bad: granted to one role of two
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE teams (id bigint PRIMARY KEY);
CREATE TABLE notes (id bigint PRIMARY KEY);
GRANT SELECT ON users, teams, notes TO pg_monitor, pg_read_all_stats;
-- migration
CREATE TABLE invoices (id bigint PRIMARY KEY); -- ! privilege-gap
GRANT SELECT ON invoices TO pg_monitor;

-- bad: default privileges of another kind of object
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE teams (id bigint PRIMARY KEY);
CREATE TABLE notes (id bigint PRIMARY KEY);
GRANT SELECT, INSERT ON users, teams, notes TO pg_monitor;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO pg_monitor;
-- migration
CREATE TABLE invoices (id bigint PRIMARY KEY); -- ! privilege-gap

-- good: granted later in the file
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE teams (id bigint PRIMARY KEY);
CREATE TABLE notes (id bigint PRIMARY KEY);
GRANT SELECT, INSERT ON users, teams, notes TO pg_monitor;
-- migration
CREATE TABLE invoices (id bigint PRIMARY KEY);
GRANT SELECT, INSERT ON invoices TO pg_monitor;

-- good: granted with all tables of the schema
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE teams (id bigint PRIMARY KEY);
CREATE TABLE notes (id bigint PRIMARY KEY);
GRANT SELECT, INSERT ON users, teams, notes TO pg_monitor;
-- migration
CREATE TABLE invoices (id bigserial PRIMARY KEY);
GRANT SELECT ON ALL TABLES IN SCHEMA public TO pg_monitor;

-- good: columns are granted
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE teams (id bigint PRIMARY KEY);
CREATE TABLE notes (id bigint PRIMARY KEY);
GRANT SELECT, INSERT ON users, teams, notes TO pg_monitor;
-- migration
CREATE TABLE invoices (id bigint PRIMARY KEY, secret text);
GRANT SELECT (id) ON invoices TO pg_monitor;

-- good: default privileges grant it
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE teams (id bigint PRIMARY KEY);
CREATE TABLE notes (id bigint PRIMARY KEY);
GRANT SELECT, INSERT ON users, teams, notes TO pg_monitor;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO pg_monitor;
-- migration
CREATE TABLE invoices (id bigint PRIMARY KEY);

-- good: a schema without grants
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE teams (id bigint PRIMARY KEY);
CREATE TABLE notes (id bigint PRIMARY KEY);
-- migration
CREATE TABLE invoices (id bigint PRIMARY KEY);

-- good: one table of three is granted
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE teams (id bigint PRIMARY KEY);
CREATE TABLE notes (id bigint PRIMARY KEY);
GRANT SELECT ON users TO pg_monitor;
-- migration
CREATE TABLE invoices (id bigint PRIMARY KEY);

-- good: another schema
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE teams (id bigint PRIMARY KEY);
CREATE TABLE notes (id bigint PRIMARY KEY);
GRANT SELECT, INSERT ON users, teams, notes TO pg_monitor;
-- migration
CREATE SCHEMA internal;
CREATE TABLE internal.invoices (id bigint PRIMARY KEY);

-- good: the sequence of an identity column
-- base
CREATE TABLE users (id bigserial PRIMARY KEY);
CREATE TABLE teams (id bigserial PRIMARY KEY);
CREATE TABLE notes (id bigserial PRIMARY KEY);
GRANT INSERT ON ALL TABLES IN SCHEMA public TO pg_monitor;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO pg_monitor;
-- migration
CREATE TABLE invoices (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
GRANT INSERT ON invoices TO pg_monitor;

-- good: a function that everybody may run, as all may
-- base
CREATE FUNCTION one() RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION two() RETURNS integer LANGUAGE sql AS 'SELECT 2';
CREATE FUNCTION three() RETURNS integer LANGUAGE sql AS 'SELECT 3';
-- migration
CREATE FUNCTION four() RETURNS integer LANGUAGE sql AS 'SELECT 4';

-- good: a partition, which is read through its table
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE teams (id bigint PRIMARY KEY);
CREATE TABLE logs (id bigint) PARTITION BY RANGE (id);
GRANT SELECT, INSERT ON users, teams, logs TO pg_monitor;
-- migration
CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (0) TO (100);

-- good: a temporary table
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE teams (id bigint PRIMARY KEY);
CREATE TABLE notes (id bigint PRIMARY KEY);
GRANT SELECT, INSERT ON users, teams, notes TO pg_monitor;
-- migration
CREATE TEMPORARY TABLE seen (id bigint);
