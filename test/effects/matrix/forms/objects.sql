-- form: create-sequence
-- measure
CREATE SEQUENCE numbers

-- form: create-sequence-owned
-- measure
CREATE SEQUENCE numbers OWNED BY orgs.id

-- form: create-sequence-there
-- measure
CREATE SEQUENCE tickets

-- form: create-sequence-if-not-exists-there
-- measure
CREATE SEQUENCE IF NOT EXISTS tickets

-- form: create-enum
-- measure
CREATE TYPE size AS ENUM ('s', 'm', 'l')

-- form: create-enum-there
-- measure
CREATE TYPE mood AS ENUM ('bad')

-- form: create-composite-type
-- measure
CREATE TYPE point3 AS (x float8, y float8, z float8)

-- form: create-range-type
-- measure
CREATE TYPE floats AS RANGE (subtype = float8)

-- form: create-domain
-- measure
CREATE DOMAIN email AS text CHECK (VALUE LIKE '%@%')

-- form: create-domain-there
-- measure
CREATE DOMAIN posint AS integer

-- form: create-function-plpgsql
-- measure
CREATE FUNCTION clear_small() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DELETE FROM small; END $$

-- form: create-function-sql-reads
-- measure
CREATE FUNCTION org_count() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM orgs'

-- form: create-function-sql-writes
-- measure
CREATE FUNCTION clear_small() RETURNS void LANGUAGE sql AS 'DELETE FROM small; UPDATE orgs SET name = upper(name)'

-- form: create-function-sql-missing
-- measure
CREATE FUNCTION shop_count() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM shops'

-- form: create-function-atomic
-- measure
CREATE FUNCTION clear_small() RETURNS void LANGUAGE sql BEGIN ATOMIC DELETE FROM small; END

-- form: create-function-atomic-view
-- measure
CREATE FUNCTION emails() RETURNS SETOF text LANGUAGE sql BEGIN ATOMIC SELECT email FROM active_users; END

-- form: create-function-sql-view
-- measure
CREATE FUNCTION emails() RETURNS SETOF text LANGUAGE sql AS 'SELECT email FROM active_users'

-- form: create-function-sql-partitioned
-- measure
CREATE FUNCTION metric_count() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM metrics'

-- form: create-function-table-argument
-- measure
CREATE FUNCTION user_label(users) RETURNS text LANGUAGE sql AS 'SELECT $1.name'

-- form: create-or-replace-function
-- measure
CREATE OR REPLACE FUNCTION five() RETURNS integer LANGUAGE sql AS 'SELECT 6'

-- form: create-or-replace-function-return-type
-- measure
CREATE OR REPLACE FUNCTION five() RETURNS bigint LANGUAGE sql AS 'SELECT 6::bigint'

-- form: create-function-there
-- measure
CREATE FUNCTION five() RETURNS integer LANGUAGE sql AS 'SELECT 6'

-- form: create-function-overload
-- measure
CREATE FUNCTION five(integer) RETURNS integer LANGUAGE sql AS 'SELECT 6'

-- form: create-procedure
-- measure
CREATE PROCEDURE clear_all() LANGUAGE plpgsql AS $$ BEGIN TRUNCATE small; END $$

-- form: create-aggregate
-- measure
CREATE AGGREGATE biggest (integer) (SFUNC = int4larger, STYPE = integer)

-- form: create-operator
-- measure
CREATE OPERATOR === (LEFTARG = integer, RIGHTARG = integer, FUNCTION = int4eq)

-- form: create-collation
-- measure
CREATE COLLATION plain_c (LOCALE = 'C')

-- form: create-cast
-- measure
CREATE CAST (mood AS integer) WITH INOUT

-- form: create-text-search-configuration
-- measure
CREATE TEXT SEARCH CONFIGURATION words (COPY = simple)

-- form: create-extension
-- measure
CREATE EXTENSION pgcrypto

-- form: create-extension-if-not-exists-there
-- measure
CREATE EXTENSION IF NOT EXISTS plpgsql

-- form: create-extension-there
-- measure
CREATE EXTENSION plpgsql

-- form: create-role
-- measure
CREATE ROLE lockstep_form_role

-- form: create-role-alter-drop
CREATE ROLE lockstep_form_gone;
-- measure
DROP ROLE lockstep_form_gone

-- form: create-event-trigger
CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
-- measure
CREATE EVENT TRIGGER watcher ON ddl_command_end EXECUTE FUNCTION watch()

-- form: create-fdw
-- measure
CREATE FOREIGN DATA WRAPPER dummy

-- form: create-server
CREATE FOREIGN DATA WRAPPER dummy;
-- measure
CREATE SERVER elsewhere FOREIGN DATA WRAPPER dummy

-- form: create-user-mapping
CREATE FOREIGN DATA WRAPPER dummy;
CREATE SERVER elsewhere FOREIGN DATA WRAPPER dummy;
-- measure
CREATE USER MAPPING FOR CURRENT_USER SERVER elsewhere

-- form: default-privileges
-- measure
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO PUBLIC

-- form: comment-on-table
-- measure
COMMENT ON TABLE users IS 'People'

-- form: comment-on-column
-- measure
COMMENT ON COLUMN users.name IS 'Name'

-- form: comment-on-view
-- measure
COMMENT ON VIEW active_users IS 'Active'

-- form: comment-on-view-column
-- measure
COMMENT ON COLUMN active_users.email IS 'Mail'

-- form: comment-on-index
-- measure
COMMENT ON INDEX users_name_idx IS 'Name'

-- form: comment-on-sequence
-- measure
COMMENT ON SEQUENCE tickets IS 'Tickets'

-- form: comment-on-constraint
-- measure
COMMENT ON CONSTRAINT orders_user_fk ON orders IS 'Owner'

-- form: comment-on-domain-constraint
-- measure
COMMENT ON CONSTRAINT posint_check ON DOMAIN posint IS 'Positive'

-- form: comment-on-trigger
-- measure
COMMENT ON TRIGGER users_touch ON users IS 'Touch'

-- form: comment-on-policy
CREATE POLICY own ON users USING (id = 1);
-- measure
COMMENT ON POLICY own ON users IS 'Own'

-- form: comment-on-rule
CREATE RULE no_delete AS ON DELETE TO small DO INSTEAD NOTHING;
-- measure
COMMENT ON RULE no_delete ON small IS 'No'

-- form: comment-on-type
-- measure
COMMENT ON TYPE mood IS 'Mood'

-- form: comment-on-function
-- measure
COMMENT ON FUNCTION five() IS 'Five'

-- form: comment-on-schema
-- measure
COMMENT ON SCHEMA public IS 'Public'

-- form: comment-on-materialized-view
-- measure
COMMENT ON MATERIALIZED VIEW user_totals IS 'Totals'

-- form: comment-on-statistics
CREATE STATISTICS users_stats ON org_id, age FROM users;
-- measure
COMMENT ON STATISTICS users_stats IS 'Stats'

-- form: comment-on-partitioned
-- measure
COMMENT ON TABLE metrics IS 'Metrics'

-- form: comment-on-missing
-- measure
COMMENT ON TABLE shops IS 'Shops'

-- form: comment-on-missing-column
-- measure
COMMENT ON COLUMN users.shoe_size IS 'Shoes'

-- form: comment-on-extension
-- measure
COMMENT ON EXTENSION plpgsql IS 'PL'

-- form: grant-table
-- measure
GRANT SELECT ON users TO PUBLIC

-- form: grant-columns
-- measure
GRANT SELECT (id, name) ON users TO PUBLIC

-- form: grant-all-tables
-- measure
GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC

-- form: grant-sequence
-- measure
GRANT USAGE ON SEQUENCE tickets TO PUBLIC

-- form: grant-all-sequences
-- measure
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO PUBLIC

-- form: grant-view
-- measure
GRANT SELECT ON active_users TO PUBLIC

-- form: grant-schema
-- measure
GRANT USAGE ON SCHEMA public TO PUBLIC

-- form: grant-function
-- measure
GRANT EXECUTE ON FUNCTION five() TO PUBLIC

-- form: grant-role
CREATE ROLE lockstep_form_member;
-- measure
GRANT lockstep_form_member TO CURRENT_USER

-- form: grant-missing
-- measure
GRANT SELECT ON shops TO PUBLIC

-- form: revoke-table
-- measure
REVOKE ALL ON orders FROM PUBLIC

-- form: grant-partitioned
-- measure
GRANT SELECT ON metrics TO PUBLIC

-- form: security-label
-- measure
SECURITY LABEL ON TABLE users IS 'secret'

-- form: lock-table
-- measure
LOCK TABLE users

-- form: lock-table-share
-- measure
LOCK TABLE users, orders IN SHARE MODE

-- form: lock-table-inherited
-- measure
LOCK TABLE animals IN ROW EXCLUSIVE MODE

-- form: lock-table-only
-- measure
LOCK TABLE ONLY animals IN EXCLUSIVE MODE

-- form: lock-table-partitioned
-- measure
LOCK TABLE metrics IN SHARE ROW EXCLUSIVE MODE NOWAIT

-- form: lock-table-view
-- measure
LOCK TABLE active_users IN SHARE UPDATE EXCLUSIVE MODE

-- form: lock-table-missing
-- measure
LOCK TABLE shops

-- form: lock-table-index
-- measure
LOCK TABLE users_name_idx

-- form: lock-table-sequence
-- measure
LOCK TABLE tickets

-- form: set
-- measure
SET lock_timeout = '5s'

-- form: set-local
-- measure
SET LOCAL statement_timeout = '5s'

-- form: reset
-- measure
RESET lock_timeout

-- form: show
-- measure
SHOW lock_timeout

-- form: set-constraints
-- measure
SET CONSTRAINTS ALL DEFERRED

-- form: set-role
-- measure
SET ROLE NONE

-- form: notify
-- measure
NOTIFY deployed, 'x'

-- form: listen
-- measure
LISTEN deployed

-- form: unlisten
-- measure
UNLISTEN deployed

-- form: discard-plans
-- measure
DISCARD PLANS

-- form: checkpoint
-- measure
CHECKPOINT

-- form: reassign-owned
CREATE ROLE lockstep_form_reassign;
-- measure
REASSIGN OWNED BY lockstep_form_reassign TO CURRENT_USER

-- form: create-database
-- measure
CREATE DATABASE lockstep_form_database

-- form: drop-database-missing
-- measure
DROP DATABASE IF EXISTS lockstep_form_missing

-- form: alter-database-set
-- measure
ALTER DATABASE postgres SET lockstep.form = 'x'

-- form: alter-role-set
-- measure
ALTER ROLE CURRENT_USER SET lockstep.form = 'x'

-- form: alter-system
-- measure
ALTER SYSTEM SET lockstep.form = 'x'

-- form: alter-function
-- measure
ALTER FUNCTION five() IMMUTABLE
