-- ALTER TABLE … ALTER COLUMN … TYPE

-- form: alter-type-varchar-widen
-- measure
ALTER TABLE users ALTER COLUMN email TYPE varchar(300);

-- form: alter-type-varchar-narrow
-- measure
ALTER TABLE users ALTER COLUMN email TYPE varchar(100);

-- form: alter-type-varchar-same
-- measure
ALTER TABLE users ALTER COLUMN email TYPE varchar(200);

-- form: alter-type-varchar-unbounded
-- measure
ALTER TABLE small ALTER COLUMN label TYPE varchar;

-- form: alter-type-varchar-to-text
-- measure
ALTER TABLE small ALTER COLUMN label TYPE text;

-- form: alter-type-varchar-to-text-indexed
CREATE INDEX small_label_idx ON small (label);
-- measure
ALTER TABLE small ALTER COLUMN label TYPE text;

-- form: alter-type-varchar-widen-indexed-expression
CREATE INDEX small_label_lower_idx ON small (lower(label));
-- measure
ALTER TABLE small ALTER COLUMN label TYPE varchar(40);

-- form: alter-type-varchar-to-text-partial-index
CREATE INDEX small_code_idx ON small (code) WHERE label = 'x';
-- measure
ALTER TABLE small ALTER COLUMN label TYPE text;

-- form: alter-type-varchar-widen-partial-index-on-column
CREATE INDEX small_label_idx ON small (label) WHERE label IS NOT NULL;
-- measure
ALTER TABLE small ALTER COLUMN label TYPE varchar(40);

-- form: alter-type-varchar-pattern-ops-index
CREATE INDEX small_label_idx ON small (label varchar_pattern_ops);
-- measure
ALTER TABLE small ALTER COLUMN label TYPE text;

-- form: alter-type-text-to-varchar
TRUNCATE orders;
-- measure
ALTER TABLE orders ALTER COLUMN note TYPE varchar(100);

-- form: alter-type-text-to-varchar-unbounded
-- measure
ALTER TABLE orders ALTER COLUMN note TYPE varchar;

-- form: alter-type-text-to-varchar-indexed
TRUNCATE users CASCADE;
-- measure
ALTER TABLE users ALTER COLUMN name TYPE varchar(100);

-- form: alter-type-text-same-indexed
-- measure
ALTER TABLE users ALTER COLUMN name TYPE text;

-- form: alter-type-char-to-text
-- measure
ALTER TABLE small ALTER COLUMN code TYPE text;

-- form: alter-type-char-widen
-- measure
ALTER TABLE small ALTER COLUMN code TYPE char(10);

-- form: alter-type-char-to-varchar
-- measure
ALTER TABLE small ALTER COLUMN code TYPE varchar(5);

-- form: alter-type-text-to-char
TRUNCATE orders;
-- measure
ALTER TABLE orders ALTER COLUMN note TYPE char(10);

-- form: alter-type-text-to-citext-like-domain
-- measure
ALTER TABLE orders ALTER COLUMN note TYPE plain;

-- form: alter-type-domain-to-base
-- measure
ALTER TABLE people ALTER COLUMN nick TYPE text;

-- form: alter-type-constrained-domain-to-base
-- measure
ALTER TABLE people ALTER COLUMN age TYPE integer;

-- form: alter-type-base-to-constrained-domain
-- measure
ALTER TABLE orders ALTER COLUMN note TYPE plain, ALTER COLUMN user_id TYPE bigint;

-- form: alter-type-integer-to-constrained-domain
CREATE TABLE counts (n integer);
-- measure
ALTER TABLE counts ALTER COLUMN n TYPE posint;

-- form: alter-type-bigint-to-constrained-domain
CREATE TABLE counts (n bigint);
-- measure
ALTER TABLE counts ALTER COLUMN n TYPE posint;

-- form: alter-type-varchar-to-domain-over-varchar
CREATE DOMAIN short AS varchar(20);
-- measure
ALTER TABLE small ALTER COLUMN label TYPE short;

-- form: alter-type-integer-to-bigint
-- measure
ALTER TABLE users ALTER COLUMN age TYPE bigint;

-- form: alter-type-integer-to-bigint-no-check
CREATE TABLE counts (n integer, m text);
CREATE INDEX counts_n_idx ON counts (n);
CREATE INDEX counts_m_idx ON counts (m);
-- measure
ALTER TABLE counts ALTER COLUMN n TYPE bigint;

-- form: alter-type-integer-to-bigint-not-indexed
CREATE TABLE counts (n integer, m text PRIMARY KEY);
-- measure
ALTER TABLE counts ALTER COLUMN n SET DATA TYPE bigint;

-- form: alter-type-bigint-to-integer-rows-overflow
CREATE TABLE counts (n bigint);
INSERT INTO counts VALUES (3000000000);
-- measure
ALTER TABLE counts ALTER COLUMN n TYPE integer;

-- form: alter-type-identity-to-bigint
-- measure
ALTER TABLE small ALTER COLUMN id TYPE bigint;

-- form: alter-type-serial-to-bigint
CREATE TABLE ticketed (id serial PRIMARY KEY, a text);
-- measure
ALTER TABLE ticketed ALTER COLUMN id TYPE bigint;

-- form: alter-type-integer-to-oid
CREATE TABLE counts (n integer);
-- measure
ALTER TABLE counts ALTER COLUMN n TYPE oid;

-- form: alter-type-integer-to-oid-indexed
CREATE TABLE counts (n integer);
CREATE INDEX counts_n_idx ON counts (n);
-- measure
ALTER TABLE counts ALTER COLUMN n TYPE oid;

-- form: alter-type-integer-to-numeric
-- measure
ALTER TABLE orders ALTER COLUMN user_id TYPE numeric;

-- form: alter-type-integer-to-text
CREATE TABLE counts (n integer);
-- measure
ALTER TABLE counts ALTER COLUMN n TYPE text;

-- form: alter-type-text-to-integer-no-using
-- measure
ALTER TABLE orders ALTER COLUMN note TYPE integer;

-- form: alter-type-text-to-integer-using
TRUNCATE orders;
-- measure
ALTER TABLE orders ALTER COLUMN note TYPE integer USING note::integer;

-- form: alter-type-text-to-integer-using-rows
CREATE TABLE words (w text);
INSERT INTO words VALUES ('one');
-- measure
ALTER TABLE words ALTER COLUMN w TYPE integer USING w::integer;

-- form: alter-type-numeric-precision-up
-- measure
ALTER TABLE orders ALTER COLUMN note TYPE text;

-- form: alter-type-numeric-wider
CREATE TABLE prices (p numeric(10, 2));
CREATE INDEX prices_p_idx ON prices (p);
-- measure
ALTER TABLE prices ALTER COLUMN p TYPE numeric(12, 2);

-- form: alter-type-numeric-scale-up
CREATE TABLE prices (p numeric(10, 2));
-- measure
ALTER TABLE prices ALTER COLUMN p TYPE numeric(12, 4);

-- form: alter-type-numeric-narrower
CREATE TABLE prices (p numeric(10, 2));
-- measure
ALTER TABLE prices ALTER COLUMN p TYPE numeric(8, 2);

-- form: alter-type-numeric-unbounded
CREATE TABLE prices (p numeric(10, 2));
-- measure
ALTER TABLE prices ALTER COLUMN p TYPE numeric;

-- form: alter-type-numeric-bounded
CREATE TABLE prices (p numeric);
-- measure
ALTER TABLE prices ALTER COLUMN p TYPE numeric(10, 2);

-- form: alter-type-timestamp-precision-up
CREATE TABLE moments (t timestamp(3), z timestamptz(0), i time(2));
-- measure
ALTER TABLE moments ALTER COLUMN t TYPE timestamp(6);

-- form: alter-type-timestamp-precision-none
CREATE TABLE moments (t timestamp(3), z timestamptz(0), i time(2));
-- measure
ALTER TABLE moments ALTER COLUMN t TYPE timestamp;

-- form: alter-type-timestamp-precision-down
CREATE TABLE moments (t timestamp(3), z timestamptz(0), i time(2));
-- measure
ALTER TABLE moments ALTER COLUMN t TYPE timestamp(2);

-- form: alter-type-timestamp-to-six
CREATE TABLE moments (t timestamp);
-- measure
ALTER TABLE moments ALTER COLUMN t TYPE timestamp(6);

-- form: alter-type-timestamptz-precision-up
CREATE TABLE moments (t timestamp(3), z timestamptz(0), i time(2));
-- measure
ALTER TABLE moments ALTER COLUMN z TYPE timestamptz(2);

-- form: alter-type-time-precision-up
CREATE TABLE moments (t timestamp(3), z timestamptz(0), i time(2));
-- measure
ALTER TABLE moments ALTER COLUMN i TYPE time(4);

-- form: alter-type-time-precision-down
CREATE TABLE moments (t timestamp(3), z timestamptz(0), i time(2));
-- measure
ALTER TABLE moments ALTER COLUMN i TYPE time(1);

-- form: alter-type-interval-precision-up
CREATE TABLE spans (i interval(2));
-- measure
ALTER TABLE spans ALTER COLUMN i TYPE interval(4);

-- form: alter-type-interval-precision-down
CREATE TABLE spans (i interval(4));
-- measure
ALTER TABLE spans ALTER COLUMN i TYPE interval(2);

-- form: alter-type-interval-none
CREATE TABLE spans (i interval(2));
-- measure
ALTER TABLE spans ALTER COLUMN i TYPE interval;

-- form: alter-type-interval-fields-widen
CREATE TABLE spans (i interval day to minute);
-- measure
ALTER TABLE spans ALTER COLUMN i TYPE interval day to second;

-- form: alter-type-interval-fields-narrow
CREATE TABLE spans (i interval);
-- measure
ALTER TABLE spans ALTER COLUMN i TYPE interval day;

-- form: alter-type-varbit-widen
CREATE TABLE bits (b bit varying(5), f bit(5));
-- measure
ALTER TABLE bits ALTER COLUMN b TYPE bit varying(8);

-- form: alter-type-varbit-narrow
CREATE TABLE bits (b bit varying(5), f bit(5));
-- measure
ALTER TABLE bits ALTER COLUMN b TYPE bit varying(3);

-- form: alter-type-bit-widen
CREATE TABLE bits (b bit varying(5), f bit(5));
-- measure
ALTER TABLE bits ALTER COLUMN f TYPE bit(8);

-- form: alter-type-bit-to-varbit
CREATE TABLE bits (b bit varying(5), f bit(5));
-- measure
ALTER TABLE bits ALTER COLUMN f TYPE bit varying;

-- form: alter-type-cidr-to-inet
CREATE TABLE hosts (a cidr);
CREATE INDEX hosts_a_idx ON hosts (a);
-- measure
ALTER TABLE hosts ALTER COLUMN a TYPE inet;

-- form: alter-type-inet-to-cidr
CREATE TABLE hosts (a inet);
-- measure
ALTER TABLE hosts ALTER COLUMN a TYPE cidr;

-- form: alter-type-xml-to-text
CREATE TABLE docs (x xml);
-- measure
ALTER TABLE docs ALTER COLUMN x TYPE text;

-- form: alter-type-json-to-jsonb
-- measure
ALTER TABLE people ALTER COLUMN data TYPE jsonb;

-- form: alter-type-json-to-jsonb-using
-- measure
ALTER TABLE people ALTER COLUMN data TYPE jsonb USING data::jsonb;

-- form: alter-type-json-to-text
-- measure
ALTER TABLE people ALTER COLUMN data TYPE text;

-- form: alter-type-timestamp-to-timestamptz-utc
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = ''UTC''', current_database()); END $$;
SET timezone = 'UTC';
-- measure
ALTER TABLE users ALTER COLUMN created_at TYPE timestamptz;

-- form: alter-type-timestamp-to-timestamptz-berlin
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = ''Europe/Berlin''', current_database()); END $$;
SET timezone = 'Europe/Berlin';
-- measure
ALTER TABLE users ALTER COLUMN created_at TYPE timestamptz;

-- form: alter-type-timestamp-to-timestamptz-using-utc
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = ''UTC''', current_database()); END $$;
SET timezone = 'UTC';
-- measure
ALTER TABLE users ALTER COLUMN created_at TYPE timestamptz USING created_at AT TIME ZONE 'UTC';

-- form: alter-type-timestamptz-to-timestamp-utc
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = ''UTC''', current_database()); END $$;
SET timezone = 'UTC';
-- measure
ALTER TABLE users ALTER COLUMN updated_at TYPE timestamp;

-- form: alter-type-timestamptz-to-timestamp-berlin
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = ''Europe/Berlin''', current_database()); END $$;
SET timezone = 'Europe/Berlin';
-- measure
ALTER TABLE users ALTER COLUMN updated_at TYPE timestamp;

-- form: alter-type-timestamp-to-timestamptz-3-utc
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = ''UTC''', current_database()); END $$;
SET timezone = 'UTC';
-- measure
ALTER TABLE users ALTER COLUMN created_at TYPE timestamptz(3);

-- form: alter-type-timestamptz-to-date
-- measure
ALTER TABLE users ALTER COLUMN updated_at TYPE date;

-- form: alter-type-date-to-timestamp
CREATE TABLE days (d date);
-- measure
ALTER TABLE days ALTER COLUMN d TYPE timestamp;

-- form: alter-type-enum-to-text
-- measure
ALTER TABLE people ALTER COLUMN feels TYPE text;

-- form: alter-type-text-to-enum-using
TRUNCATE orders;
-- measure
ALTER TABLE orders ALTER COLUMN note TYPE mood USING note::mood;

-- form: alter-type-enum-to-enum-using
TRUNCATE people;
CREATE TYPE mood2 AS ENUM ('sad', 'ok');
-- measure
ALTER TABLE people ALTER COLUMN feels TYPE mood2 USING feels::text::mood2;

-- form: alter-type-boolean-using-case
-- measure
ALTER TABLE orders ALTER COLUMN note TYPE boolean USING CASE WHEN note = 'x' THEN true ELSE false END;

-- form: alter-type-using-same-type-cast
-- measure
ALTER TABLE orders ALTER COLUMN note TYPE text USING note::text;

-- form: alter-type-using-plain-column
-- measure
ALTER TABLE orders ALTER COLUMN note TYPE text USING note;

-- form: alter-type-using-other-column
CREATE TABLE twins (a text, b text);
-- measure
ALTER TABLE twins ALTER COLUMN a TYPE text USING b;

-- form: alter-type-using-expression
-- measure
ALTER TABLE orders ALTER COLUMN note TYPE text USING upper(note);

-- form: alter-type-using-widening-cast
-- measure
ALTER TABLE small ALTER COLUMN label TYPE varchar(50) USING label::varchar(50);

-- form: alter-type-using-cast-unbounded
-- measure
ALTER TABLE small ALTER COLUMN label TYPE text USING label::text;

-- form: alter-type-using-cast-wider-then-column
-- measure
ALTER TABLE small ALTER COLUMN label TYPE varchar(50) USING label::text;

-- form: alter-type-collate
-- measure
ALTER TABLE users ALTER COLUMN name TYPE text COLLATE "C";

-- form: alter-type-collate-not-indexed
-- measure
ALTER TABLE orders ALTER COLUMN note TYPE text COLLATE "C";

-- form: alter-type-collate-same
CREATE TABLE words (w text COLLATE "C");
CREATE INDEX words_w_idx ON words (w);
-- measure
ALTER TABLE words ALTER COLUMN w TYPE text COLLATE "C";

-- form: alter-type-collate-lost
CREATE TABLE words (w varchar(10) COLLATE "C");
CREATE INDEX words_w_idx ON words (w);
-- measure
ALTER TABLE words ALTER COLUMN w TYPE varchar(20);

-- form: alter-type-checked-column-widen
CREATE TABLE labels (l varchar(10) CHECK (l <> ''), m text);
-- measure
ALTER TABLE labels ALTER COLUMN l TYPE varchar(20);

-- form: alter-type-checked-column-same
CREATE TABLE labels (l varchar(10) CHECK (l <> ''), m text);
-- measure
ALTER TABLE labels ALTER COLUMN l TYPE varchar(10);

-- form: alter-type-checked-column-not-valid
CREATE TABLE labels (l varchar(10), m text);
ALTER TABLE labels ADD CONSTRAINT filled CHECK (l <> '') NOT VALID;
-- measure
ALTER TABLE labels ALTER COLUMN l TYPE varchar(20);

-- form: alter-type-not-null-column-widen
CREATE TABLE labels (l varchar(10) NOT NULL, m text);
-- measure
ALTER TABLE labels ALTER COLUMN l TYPE varchar(20);

-- form: alter-type-unique-column-widen
CREATE TABLE labels (l varchar(10) UNIQUE, m text);
-- measure
ALTER TABLE labels ALTER COLUMN l TYPE varchar(20);

-- form: alter-type-primary-key-widen-referenced
CREATE TABLE codes (c varchar(10) PRIMARY KEY);
CREATE TABLE uses (c varchar(10) CONSTRAINT uses_fk REFERENCES codes);
-- measure
ALTER TABLE codes ALTER COLUMN c TYPE varchar(20);

-- form: alter-type-referencing-widen
CREATE TABLE codes (c varchar(10) PRIMARY KEY);
CREATE TABLE uses (c varchar(10) CONSTRAINT uses_fk REFERENCES codes);
-- measure
ALTER TABLE uses ALTER COLUMN c TYPE varchar(20);

-- form: alter-type-referencing-varchar-to-text
CREATE TABLE codes (c varchar(10) PRIMARY KEY);
CREATE TABLE uses (c varchar(10) CONSTRAINT uses_fk REFERENCES codes);
-- measure
ALTER TABLE uses ALTER COLUMN c TYPE text;

-- form: alter-type-referenced-varchar-to-text
CREATE TABLE codes (c varchar(10) PRIMARY KEY);
CREATE TABLE uses (c varchar(10) CONSTRAINT uses_fk REFERENCES codes);
-- measure
ALTER TABLE codes ALTER COLUMN c TYPE text;

-- form: alter-type-referencing-not-valid
CREATE TABLE codes (c integer PRIMARY KEY);
CREATE TABLE uses (c integer);
ALTER TABLE uses ADD CONSTRAINT uses_fk FOREIGN KEY (c) REFERENCES codes NOT VALID;
-- measure
ALTER TABLE uses ALTER COLUMN c TYPE bigint;

-- form: alter-type-referenced-primary-key
-- measure
ALTER TABLE orgs ALTER COLUMN id TYPE numeric;

-- form: alter-type-referencing-column
-- measure
ALTER TABLE orders ALTER COLUMN user_id TYPE numeric(20);

-- form: alter-type-referenced-and-referencing-users
-- measure
ALTER TABLE users ALTER COLUMN id TYPE numeric, ALTER COLUMN org_id TYPE numeric;

-- form: alter-type-self-reference
CREATE TABLE tree (id integer PRIMARY KEY, up integer REFERENCES tree (id));
-- measure
ALTER TABLE tree ALTER COLUMN up TYPE bigint;

-- form: alter-type-self-referenced
CREATE TABLE tree (id integer PRIMARY KEY, up integer REFERENCES tree (id));
-- measure
ALTER TABLE tree ALTER COLUMN id TYPE bigint;

-- form: alter-type-incompatible-foreign-key
-- measure
ALTER TABLE orders ALTER COLUMN user_id TYPE text;

-- form: alter-type-view-in-the-way
-- measure
ALTER TABLE users ALTER COLUMN email TYPE text;

-- form: alter-type-matview-in-the-way
-- measure
ALTER TABLE orders ALTER COLUMN total TYPE numeric(12, 2);

-- form: alter-type-view-other-column
-- measure
ALTER TABLE users ALTER COLUMN score TYPE numeric(12, 2);

-- form: alter-type-generated-column-in-the-way
CREATE TABLE sums (a integer, b integer GENERATED ALWAYS AS (a * 2) STORED);
-- measure
ALTER TABLE sums ALTER COLUMN a TYPE bigint;

-- form: alter-type-generated-column-itself
CREATE TABLE sums (a integer, b integer GENERATED ALWAYS AS (a * 2) STORED);
-- measure
ALTER TABLE sums ALTER COLUMN b TYPE bigint;

-- form: alter-type-virtual-column-itself
-- pg: 18
CREATE TABLE sums (a integer, b integer GENERATED ALWAYS AS (a * 2) VIRTUAL);
-- measure
ALTER TABLE sums ALTER COLUMN b TYPE bigint;

-- form: alter-type-policy-in-the-way
CREATE POLICY mine ON orders USING (note = 'x');
-- measure
ALTER TABLE orders ALTER COLUMN note TYPE varchar(100);

-- form: alter-type-trigger-column-in-the-way
CREATE TRIGGER noted BEFORE UPDATE OF note ON orders FOR EACH ROW EXECUTE FUNCTION touch();
-- measure
ALTER TABLE orders ALTER COLUMN note TYPE varchar(100);

-- form: alter-type-trigger-when-in-the-way
CREATE TRIGGER noted BEFORE UPDATE ON orders FOR EACH ROW WHEN (NEW.note IS NOT NULL) EXECUTE FUNCTION touch();
-- measure
ALTER TABLE orders ALTER COLUMN note TYPE varchar(100);

-- form: alter-type-rule-in-the-way
CREATE RULE quiet AS ON UPDATE TO orders WHERE NEW.note = 'x' DO INSTEAD NOTHING;
-- measure
ALTER TABLE orders ALTER COLUMN note TYPE varchar(100);

-- form: alter-type-statistics-object
CREATE STATISTICS small_stats ON code, label FROM small;
-- measure
ALTER TABLE small ALTER COLUMN label TYPE text;

-- form: alter-type-default-not-castable
CREATE TABLE flags (f text DEFAULT 'x');
-- measure
ALTER TABLE flags ALTER COLUMN f TYPE integer USING length(f);

-- form: alter-type-default-castable
CREATE TABLE flags (f integer DEFAULT 5);
-- measure
ALTER TABLE flags ALTER COLUMN f TYPE bigint;

-- form: alter-type-partitioned
-- measure
ALTER TABLE metrics ALTER COLUMN value TYPE numeric;

-- form: alter-type-partitioned-widen
CREATE TABLE logs (at date, tag varchar(10)) PARTITION BY RANGE (at);
CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE INDEX logs_tag_idx ON logs (tag);
-- measure
ALTER TABLE logs ALTER COLUMN tag TYPE varchar(20);

-- form: alter-type-partitioned-index-rebuilt
CREATE TABLE logs (at date, tag integer) PARTITION BY RANGE (at);
CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE INDEX logs_tag_idx ON logs (tag);
-- measure
ALTER TABLE logs ALTER COLUMN tag TYPE bigint;

-- form: alter-type-partition-key
-- measure
ALTER TABLE metrics ALTER COLUMN taken_at TYPE timestamp;

-- form: alter-type-partition-of
-- measure
ALTER TABLE metrics_2024 ALTER COLUMN value TYPE numeric;

-- form: alter-type-partitioned-only
-- measure
ALTER TABLE ONLY metrics ALTER COLUMN value TYPE numeric;

-- form: alter-type-inherited
TRUNCATE animals;
-- measure
ALTER TABLE animals ALTER COLUMN name TYPE varchar(50);

-- form: alter-type-inherited-only
-- measure
ALTER TABLE ONLY animals ALTER COLUMN name TYPE varchar(50);

-- form: alter-type-inherited-child
-- measure
ALTER TABLE dogs ALTER COLUMN name TYPE varchar(50);

-- form: alter-type-array-element-widen
CREATE TABLE lists (l varchar(10)[]);
-- measure
ALTER TABLE lists ALTER COLUMN l TYPE varchar(20)[];

-- form: alter-type-array-varchar-to-text
CREATE TABLE lists (l varchar(10)[]);
-- measure
ALTER TABLE lists ALTER COLUMN l TYPE text[];

-- form: alter-type-array-integer-to-bigint
CREATE TABLE lists (l integer[]);
-- measure
ALTER TABLE lists ALTER COLUMN l TYPE bigint[];

-- form: alter-type-missing-column
-- measure
ALTER TABLE users ALTER COLUMN missing TYPE text;

-- form: alter-type-missing-type
-- measure
ALTER TABLE users ALTER COLUMN age TYPE colour;

-- form: alter-type-no-cast
-- measure
ALTER TABLE users ALTER COLUMN age TYPE uuid;

-- form: alter-type-other-index-not-touched
-- measure
ALTER TABLE users ALTER COLUMN score TYPE double precision;

-- form: alter-type-index-include-column
CREATE INDEX small_code_incl ON small (code) INCLUDE (label);
-- measure
ALTER TABLE small ALTER COLUMN label TYPE text;

-- form: alter-type-exclusion-constraint
CREATE TABLE stays (r int4range, EXCLUDE USING gist (r WITH &&));
-- measure
ALTER TABLE stays ALTER COLUMN r TYPE int8range USING int8range(lower(r), upper(r));

-- form: alter-type-gin-index
CREATE TABLE docs2 (d jsonb, t text);
CREATE INDEX docs2_d_idx ON docs2 USING gin (d);
-- measure
ALTER TABLE docs2 ALTER COLUMN t TYPE varchar(5);

-- form: alter-type-two-columns-one-rewrites
CREATE TABLE pairs (a varchar(10), b integer);
CREATE INDEX pairs_a_idx ON pairs (a);
-- measure
ALTER TABLE pairs ALTER COLUMN a TYPE varchar(20), ALTER COLUMN b TYPE bigint;

-- form: alter-type-foreign-table
CREATE FOREIGN DATA WRAPPER fdw;
CREATE SERVER remote FOREIGN DATA WRAPPER fdw;
CREATE FOREIGN TABLE far (id integer) SERVER remote;
-- measure
ALTER FOREIGN TABLE far ALTER COLUMN id TYPE bigint;

-- form: alter-type-replica-identity-index
CREATE TABLE reps (a integer NOT NULL UNIQUE);
ALTER TABLE reps REPLICA IDENTITY USING INDEX reps_a_key;
-- measure
ALTER TABLE reps ALTER COLUMN a TYPE bigint;

-- form: alter-type-column-used-in-function-call-view
TRUNCATE orders;
CREATE VIEW whole AS SELECT o FROM orders o;
-- measure
ALTER TABLE orders ALTER COLUMN note TYPE varchar(100);

-- form: alter-type-composite-used-table
CREATE TYPE pair AS (a integer, b text);
CREATE TABLE holders (p pair);
-- measure
ALTER TABLE holders ALTER COLUMN p TYPE text;

-- form: alter-type-table-rowtype-used-elsewhere
CREATE TABLE holders (o small);
-- measure
ALTER TABLE small ALTER COLUMN label TYPE text;

-- form: alter-type-identity-to-domain
-- measure
ALTER TABLE small ALTER COLUMN id TYPE posint;

-- form: alter-type-identity-to-text
-- measure
ALTER TABLE small ALTER COLUMN id TYPE text;
