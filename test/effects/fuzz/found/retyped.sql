-- case: operators and functions that there are not for a column's new type
CREATE TYPE mood AS ENUM ('x');
CREATE FUNCTION positive(n integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT n > 0';
CREATE TABLE a (
  t text CHECK (t <> ''), l text CHECK (length(l) < 400), v varchar(9) CHECK (v <> '' AND length(v) < 9),
  n integer CHECK (n BETWEEN 1 AND 9), m numeric CHECK (m > 0), h integer CHECK (h < 0.5),
  p integer CHECK (positive(p)), d date CHECK (d > '2000-01-01'), k text CHECK (k IN ('x', 'y')),
  b boolean CHECK (b), o boolean CHECK (NOT o), w text CHECK (w LIKE 'x%' AND w ~ 'x'), i numeric CHECK (i + 1 > 0)
);
CREATE INDEX lowered ON a (lower(l));
CREATE FUNCTION length(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE FUNCTION any_of(VARIADIC text[]) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE INDEX more ON a ((n + 1)) WHERE t = 'x';
-- measure
ALTER TABLE a ALTER t TYPE varchar(9);
ALTER TABLE a ALTER t TYPE char(9);
ALTER TABLE a ALTER t TYPE date USING NULL::date;
ALTER TABLE a ALTER t TYPE integer USING NULL::integer;
ALTER TABLE a ALTER t TYPE mood USING NULL::mood;
ALTER TABLE a ALTER t TYPE text[] USING NULL::text[];
ALTER TABLE a ALTER t TYPE jsonb USING NULL::jsonb;
ALTER TABLE a ALTER l TYPE varchar(9);
ALTER TABLE a ALTER l TYPE bytea USING NULL::bytea;
ALTER TABLE a ALTER l TYPE uuid USING NULL::uuid;
ALTER TABLE a ALTER l TYPE int4range USING NULL::int4range;
ALTER TABLE a ALTER v TYPE text;
ALTER TABLE a ALTER v TYPE date USING NULL::date;
ALTER TABLE a ALTER n TYPE bigint;
ALTER TABLE a ALTER n TYPE smallint;
ALTER TABLE a ALTER n TYPE numeric;
ALTER TABLE a ALTER n TYPE text;
ALTER TABLE a ALTER n TYPE date USING NULL::date;
ALTER TABLE a ALTER m TYPE double precision;
ALTER TABLE a ALTER m TYPE text;
ALTER TABLE a ALTER h TYPE bigint;
ALTER TABLE a ALTER h TYPE text;
ALTER TABLE a ALTER p TYPE bigint;
ALTER TABLE a ALTER p TYPE smallint;
ALTER TABLE a ALTER p TYPE text;
ALTER TABLE a ALTER d TYPE timestamptz;
ALTER TABLE a ALTER d TYPE text;
ALTER TABLE a ALTER k TYPE varchar(9);
ALTER TABLE a ALTER k TYPE mood USING NULL::mood;
ALTER TABLE a ALTER b TYPE integer USING NULL::integer;
ALTER TABLE a ALTER b TYPE text;
ALTER TABLE a ALTER o TYPE integer USING NULL::integer;
ALTER TABLE a ALTER w TYPE varchar(9);
ALTER TABLE a ALTER w TYPE integer USING NULL::integer;
ALTER TABLE a ALTER w TYPE bytea USING NULL::bytea;
ALTER TABLE a ALTER i TYPE double precision;
ALTER TABLE a ALTER i TYPE text;
ALTER TABLE a ALTER i TYPE date USING NULL::date;
ALTER TABLE a ALTER i TYPE timestamp USING NULL::timestamp;
ALTER TABLE a ALTER i TYPE jsonb USING NULL::jsonb;
ALTER TABLE a ADD CHECK (t > 0);
ALTER TABLE a ADD CHECK (n > 0.5) NOT VALID, ADD CHECK (m IN (1, 2)), ADD CHECK (d + 1 > '2000-01-01');
ALTER TABLE a ADD CHECK (n > 0) NOT VALID, ALTER n TYPE text;
ALTER TABLE a ADD CHECK (length(t) > 0), ADD CHECK (length(v) > 0), ADD CHECK (positive(n));
ALTER TABLE a ADD CHECK (length(n) > 0), ADD CHECK (any_of(t, l));
ALTER TABLE a ADD CHECK (length(d) > 0);
ALTER TABLE a ADD CHECK (positive(m));
ALTER TABLE a ADD CHECK (b = 1);

-- case: a foreign key of a partitioned table that is to be deferred, or is already
CREATE TABLE par (id int PRIMARY KEY);
CREATE TABLE p (id int, a int CONSTRAINT fk REFERENCES par) PARTITION BY RANGE (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
CREATE TABLE d (id int, a int CONSTRAINT fk REFERENCES par DEFERRABLE INITIALLY DEFERRED) PARTITION BY RANGE (id);
CREATE TABLE d1 PARTITION OF d FOR VALUES FROM (0) TO (10) PARTITION BY RANGE (id);
CREATE TABLE d11 PARTITION OF d1 FOR VALUES FROM (0) TO (10);
CREATE TABLE l (id int, a int, CONSTRAINT own FOREIGN KEY (a) REFERENCES par DEFERRABLE);
-- measure
ALTER TABLE ONLY p ALTER CONSTRAINT fk DEFERRABLE;
ALTER TABLE ONLY p ALTER CONSTRAINT nothing DEFERRABLE;
ALTER TABLE p ALTER CONSTRAINT fk NOT DEFERRABLE;
ALTER TABLE p ALTER CONSTRAINT fk DEFERRABLE;
ALTER TABLE d ALTER CONSTRAINT fk DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE d ALTER CONSTRAINT fk INITIALLY DEFERRED;
ALTER TABLE d ALTER CONSTRAINT fk DEFERRABLE;
ALTER TABLE d ALTER CONSTRAINT fk NOT DEFERRABLE;
-- keep
ALTER TABLE d ATTACH PARTITION l FOR VALUES FROM (10) TO (20);
ALTER TABLE d ALTER CONSTRAINT fk NOT DEFERRABLE;

-- case: USING for a generated column is refused, also when the same statement makes it an ordinary one
CREATE TABLE t (a integer, doubled integer GENERATED ALWAYS AS (a * 2) STORED);
-- measure
ALTER TABLE t ALTER doubled TYPE bigint USING doubled::bigint, ALTER doubled DROP EXPRESSION;

-- case: foreign keys are checked again for what a change of type has rewritten, not for a column that is added
CREATE TABLE parents (id text PRIMARY KEY);
CREATE TABLE children (parent text REFERENCES parents);
INSERT INTO parents VALUES ('a');
INSERT INTO children VALUES ('a');
-- measure
ALTER TABLE parents ADD x serial, ALTER id TYPE varchar;
ALTER TABLE parents ADD x serial, ALTER id TYPE varchar USING id || '';

-- case: a column that gets another type in a table that becomes unlogged
CREATE TABLE orders (id text PRIMARY KEY);
CREATE TABLE users (id bigint PRIMARY KEY, parent text REFERENCES orders, d bigint);
CREATE TABLE kids (id int, u bigint REFERENCES users);
CREATE INDEX ON users (parent);
ALTER TABLE users ADD CONSTRAINT both_set UNIQUE (id, d);
INSERT INTO orders VALUES ('a');
INSERT INTO users VALUES (1, 'a', 1);
INSERT INTO kids VALUES (1, 1);
-- measure
ALTER TABLE kids ALTER COLUMN u TYPE int8, SET UNLOGGED;
ALTER TABLE kids SET UNLOGGED, ALTER COLUMN u TYPE int8;
ALTER TABLE kids DROP CONSTRAINT kids_u_fkey, SET UNLOGGED;
ALTER TABLE users ALTER COLUMN parent TYPE varchar, SET LOGGED;
ALTER TABLE users ALTER COLUMN parent TYPE varchar;
ALTER TABLE users ALTER COLUMN parent TYPE varchar, ADD COLUMN z uuid DEFAULT gen_random_uuid();
ALTER TABLE users DROP CONSTRAINT users_parent_fkey, ALTER COLUMN parent TYPE varchar, SET UNLOGGED;
