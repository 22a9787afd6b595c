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
