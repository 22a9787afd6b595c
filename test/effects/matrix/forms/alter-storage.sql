-- Storage, options, triggers, rules, row security, ownership

-- form: alter-set-unlogged
-- measure
ALTER TABLE people SET UNLOGGED;

-- form: alter-set-unlogged-identity
CREATE TABLE numbered (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, t text);
-- measure
ALTER TABLE numbered SET UNLOGGED;

-- form: alter-set-unlogged-already
-- measure
ALTER TABLE sessions SET UNLOGGED;

-- form: alter-set-unlogged-referenced
-- measure
ALTER TABLE users SET UNLOGGED;

-- form: alter-set-unlogged-referencing
-- measure
ALTER TABLE orders SET UNLOGGED;

-- form: alter-set-unlogged-partitioned
-- measure
ALTER TABLE metrics SET UNLOGGED;

-- form: alter-set-logged
-- measure
ALTER TABLE sessions SET LOGGED;

-- form: alter-set-logged-already
-- measure
ALTER TABLE users SET LOGGED;

-- form: alter-set-tablespace-default
-- measure
ALTER TABLE people SET TABLESPACE pg_default;

-- form: alter-set-tablespace-default-index
-- measure
ALTER INDEX users_name_idx SET TABLESPACE pg_default;

-- form: alter-set-tablespace-default-partitioned
-- measure
ALTER TABLE metrics SET TABLESPACE pg_default;

-- form: alter-set-tablespace-global
-- measure
ALTER TABLE people SET TABLESPACE pg_global;

-- form: alter-set-tablespace-missing
-- measure
ALTER TABLE people SET TABLESPACE nowhere;

-- form: alter-set-access-method-same
-- pg: 15-18
-- measure
ALTER TABLE people SET ACCESS METHOD heap;

-- form: alter-set-access-method-other
-- pg: 15-18
CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler;
-- measure
ALTER TABLE people SET ACCESS METHOD heap2;

-- form: alter-set-access-method-missing
-- pg: 15-18
-- measure
ALTER TABLE people SET ACCESS METHOD nothing;

-- form: alter-set-access-method-partitioned
-- pg: 15-18
CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler;
-- measure
ALTER TABLE metrics SET ACCESS METHOD heap2;

-- form: alter-set-access-method-before-15
-- pg: 14
-- measure
ALTER TABLE people SET ACCESS METHOD heap;

-- form: alter-set-access-method-default
-- pg: 17-18
-- measure
ALTER TABLE people SET ACCESS METHOD DEFAULT;

-- form: alter-set-expression
-- pg: 17-18
CREATE TABLE sums (a integer, b integer GENERATED ALWAYS AS (a * 2) STORED, c text);
CREATE INDEX sums_b_idx ON sums (b);
CREATE INDEX sums_c_idx ON sums (c);
-- measure
ALTER TABLE sums ALTER COLUMN b SET EXPRESSION AS (a * 3);

-- form: alter-set-expression-before-17
-- pg: 14-16
CREATE TABLE sums (a integer, b integer GENERATED ALWAYS AS (a * 2) STORED, c text);
-- measure
ALTER TABLE sums ALTER COLUMN b SET EXPRESSION AS (a * 3);

-- form: alter-set-expression-virtual
-- pg: 18
CREATE TABLE sums (a integer, b integer GENERATED ALWAYS AS (a * 2) VIRTUAL);
-- measure
ALTER TABLE sums ALTER COLUMN b SET EXPRESSION AS (a * 3);

-- form: alter-set-expression-virtual-checked
-- pg: 18
CREATE TABLE sums (a integer, b integer GENERATED ALWAYS AS (a * 2) VIRTUAL CHECK (b > 0));
-- measure
ALTER TABLE sums ALTER COLUMN b SET EXPRESSION AS (a * 3);

-- form: alter-set-expression-virtual-not-null
-- pg: 18
CREATE TABLE sums (a integer, b integer GENERATED ALWAYS AS (a * 2) VIRTUAL NOT NULL);
-- measure
ALTER TABLE sums ALTER COLUMN b SET EXPRESSION AS (a * 3);

-- form: alter-set-expression-checked
-- pg: 17-18
CREATE TABLE sums (a integer, b integer GENERATED ALWAYS AS (a * 2) STORED CHECK (b > 0));
-- measure
ALTER TABLE sums ALTER COLUMN b SET EXPRESSION AS (a * 3);

-- form: alter-set-expression-not-generated
-- pg: 17-18
-- measure
ALTER TABLE users ALTER COLUMN age SET EXPRESSION AS (id * 3);

-- form: alter-drop-expression
CREATE TABLE sums (a integer, b integer GENERATED ALWAYS AS (a * 2) STORED);
-- measure
ALTER TABLE sums ALTER COLUMN b DROP EXPRESSION;

-- form: alter-drop-expression-virtual
-- pg: 18
CREATE TABLE sums (a integer, b integer GENERATED ALWAYS AS (a * 2) VIRTUAL);
-- measure
ALTER TABLE sums ALTER COLUMN b DROP EXPRESSION;

-- form: alter-drop-expression-not-generated
-- measure
ALTER TABLE users ALTER COLUMN age DROP EXPRESSION;

-- form: alter-drop-expression-not-generated-if-exists
-- measure
ALTER TABLE users ALTER COLUMN age DROP EXPRESSION IF EXISTS;

-- form: alter-set-storage
-- measure
ALTER TABLE users ALTER COLUMN name SET STORAGE EXTERNAL;

-- form: alter-set-storage-not-indexed
-- measure
ALTER TABLE orders ALTER COLUMN note SET STORAGE MAIN;

-- form: alter-set-storage-fixed-width
-- measure
ALTER TABLE users ALTER COLUMN age SET STORAGE EXTENDED;

-- form: alter-set-storage-partitioned
-- measure
ALTER TABLE events ALTER COLUMN kind SET STORAGE MAIN;

-- form: alter-set-compression
-- measure
ALTER TABLE users ALTER COLUMN name SET COMPRESSION pglz;

-- form: alter-set-compression-partitioned
-- measure
ALTER TABLE events ALTER COLUMN kind SET COMPRESSION pglz;

-- form: alter-set-statistics
-- measure
ALTER TABLE users ALTER COLUMN email SET STATISTICS 500;

-- form: alter-set-statistics-partitioned
-- measure
ALTER TABLE metrics ALTER COLUMN value SET STATISTICS 500;

-- form: alter-set-statistics-inherited
-- measure
ALTER TABLE animals ALTER COLUMN name SET STATISTICS 500;

-- form: alter-set-statistics-index
-- measure
ALTER INDEX users_lower_name_idx ALTER COLUMN 1 SET STATISTICS 500;

-- form: alter-set-column-options
-- measure
ALTER TABLE users ALTER COLUMN email SET (n_distinct = -0.5);

-- form: alter-reset-column-options
-- measure
ALTER TABLE users ALTER COLUMN email RESET (n_distinct);

-- form: alter-set-fillfactor
-- measure
ALTER TABLE users SET (fillfactor = 70);

-- form: alter-set-autovacuum
-- measure
ALTER TABLE users SET (autovacuum_enabled = false, autovacuum_vacuum_scale_factor = 0.01);

-- form: alter-set-toast-option
-- measure
ALTER TABLE users SET (toast.autovacuum_enabled = false);

-- form: alter-set-parallel-workers
-- measure
ALTER TABLE users SET (parallel_workers = 4);

-- form: alter-set-user-catalog-table
-- measure
ALTER TABLE users SET (user_catalog_table = true);

-- form: alter-set-option-unknown
-- measure
ALTER TABLE users SET (nonsense = 4);

-- form: alter-reset-option
-- measure
ALTER TABLE users RESET (fillfactor);

-- form: alter-set-option-partitioned
-- measure
ALTER TABLE metrics SET (fillfactor = 70);

-- form: alter-set-view-security-barrier
-- measure
ALTER VIEW active_users SET (security_barrier = true);

-- form: alter-set-view-check-option
-- measure
ALTER VIEW active_users SET (check_option = local);

-- form: alter-set-index-fillfactor
-- measure
ALTER INDEX users_name_idx SET (fillfactor = 70);

-- form: alter-set-index-fastupdate
CREATE TABLE docs2 (d jsonb);
CREATE INDEX docs2_d_idx ON docs2 USING gin (d);
-- measure
ALTER INDEX docs2_d_idx SET (fastupdate = off);

-- form: alter-set-matview-option
-- measure
ALTER MATERIALIZED VIEW user_totals SET (fillfactor = 70);

-- form: alter-disable-trigger
-- measure
ALTER TABLE users DISABLE TRIGGER users_touch;

-- form: alter-enable-trigger
-- measure
ALTER TABLE users ENABLE TRIGGER users_touch;

-- form: alter-enable-always-trigger
-- measure
ALTER TABLE users ENABLE ALWAYS TRIGGER users_touch;

-- form: alter-disable-trigger-all
-- measure
ALTER TABLE orders DISABLE TRIGGER ALL;

-- form: alter-disable-trigger-user
-- measure
ALTER TABLE users DISABLE TRIGGER USER;

-- form: alter-disable-trigger-missing
-- measure
ALTER TABLE users DISABLE TRIGGER nothing;

-- form: alter-disable-trigger-partitioned
CREATE TRIGGER seen BEFORE INSERT ON metrics FOR EACH ROW EXECUTE FUNCTION touch();
-- measure
ALTER TABLE metrics DISABLE TRIGGER seen;

-- form: alter-disable-trigger-all-partitioned
CREATE TRIGGER seen BEFORE INSERT ON metrics FOR EACH ROW EXECUTE FUNCTION touch();
-- measure
ALTER TABLE metrics DISABLE TRIGGER ALL;

-- form: alter-disable-rule
CREATE RULE quiet AS ON UPDATE TO orders WHERE NEW.note = 'x' DO INSTEAD NOTHING;
-- measure
ALTER TABLE orders DISABLE RULE quiet;

-- form: alter-disable-rule-missing
-- measure
ALTER TABLE orders DISABLE RULE quiet;

-- form: alter-enable-row-security
-- measure
ALTER TABLE users ENABLE ROW LEVEL SECURITY;

-- form: alter-force-row-security
-- measure
ALTER TABLE users FORCE ROW LEVEL SECURITY;

-- form: alter-disable-row-security
-- measure
ALTER TABLE users DISABLE ROW LEVEL SECURITY;

-- form: alter-enable-row-security-partitioned
-- measure
ALTER TABLE metrics ENABLE ROW LEVEL SECURITY;

-- form: alter-replica-identity-full
-- measure
ALTER TABLE users REPLICA IDENTITY FULL;

-- form: alter-replica-identity-default
-- measure
ALTER TABLE users REPLICA IDENTITY DEFAULT;

-- form: alter-replica-identity-index
CREATE TABLE reps (a integer NOT NULL UNIQUE);
-- measure
ALTER TABLE reps REPLICA IDENTITY USING INDEX reps_a_key;

-- form: alter-replica-identity-index-nullable
-- measure
ALTER TABLE users REPLICA IDENTITY USING INDEX users_email_key;

-- form: alter-replica-identity-partitioned
-- measure
ALTER TABLE metrics REPLICA IDENTITY FULL;

-- form: alter-cluster-on
-- measure
ALTER TABLE users CLUSTER ON users_name_idx;

-- form: alter-cluster-on-missing
-- measure
ALTER TABLE users CLUSTER ON nothing;

-- form: alter-set-without-cluster
-- measure
ALTER TABLE users SET WITHOUT CLUSTER;

-- form: alter-set-without-oids
-- measure
ALTER TABLE users SET WITHOUT OIDS;

-- form: alter-owner-same
-- measure
ALTER TABLE users OWNER TO CURRENT_USER;

-- form: alter-owner-other
-- measure
ALTER TABLE users OWNER TO pg_monitor;

-- form: alter-owner-serial
-- measure
ALTER TABLE orders OWNER TO pg_monitor;

-- form: alter-owner-partitioned
-- measure
ALTER TABLE metrics OWNER TO pg_monitor;

-- form: alter-owner-view
-- measure
ALTER VIEW active_users OWNER TO pg_monitor;

-- form: alter-owner-matview
-- measure
ALTER MATERIALIZED VIEW user_totals OWNER TO pg_monitor;

-- form: alter-owner-sequence
-- measure
ALTER SEQUENCE tickets OWNER TO pg_monitor;

-- form: alter-owner-owned-sequence
-- measure
ALTER SEQUENCE orders_id_seq OWNER TO pg_monitor;

-- form: alter-owner-missing-role
-- measure
ALTER TABLE users OWNER TO nobody_at_all;

-- form: alter-owner-function
-- measure
ALTER FUNCTION five() OWNER TO pg_monitor;

-- form: alter-owner-type
-- measure
ALTER TYPE mood OWNER TO pg_monitor;

-- form: alter-owner-schema
-- measure
ALTER SCHEMA public OWNER TO pg_monitor;

-- form: alter-owner-composite-type
CREATE TYPE pair AS (a integer, b text);
-- measure
ALTER TYPE pair OWNER TO pg_monitor;

-- form: alter-owner-domain
-- measure
ALTER DOMAIN posint OWNER TO pg_monitor;

-- form: alter-disable-trigger-all-partitioned-none
-- measure
ALTER TABLE metrics DISABLE TRIGGER ALL;

-- form: alter-enable-trigger-user-partitioned-foreign-key
ALTER TABLE metrics ADD COLUMN user_id bigint REFERENCES users (id);
-- measure
ALTER TABLE metrics ENABLE TRIGGER USER;

-- form: alter-disable-trigger-all-partitioned-foreign-key
ALTER TABLE metrics ADD COLUMN user_id bigint REFERENCES users (id);
-- measure
ALTER TABLE metrics DISABLE TRIGGER ALL;

-- form: alter-disable-trigger-all-partitioned-referenced
ALTER TABLE metrics ADD UNIQUE (taken_at);
CREATE TABLE readings (taken_at date REFERENCES metrics (taken_at));
-- measure
ALTER TABLE metrics DISABLE TRIGGER ALL;

-- form: alter-disable-trigger-partitioned-statement
CREATE TRIGGER seen AFTER INSERT ON metrics EXECUTE FUNCTION touch();
-- measure
ALTER TABLE metrics DISABLE TRIGGER seen;

-- form: alter-disable-trigger-all-partitioned-deferrable
-- pg: 15-18
ALTER TABLE metrics ADD UNIQUE (id, taken_at) DEFERRABLE;
-- measure
ALTER TABLE metrics DISABLE TRIGGER ALL;
