-- case: operator classes that types lack
CREATE TYPE e AS ENUM ('a'); CREATE TYPE c AS (a int); CREATE TYPE r AS RANGE (subtype = float8); CREATE DOMAIN d AS int; CREATE DOMAIN dr AS int4range;
CREATE TABLE t (id int, v varchar(10), b bool, j jsonb, js json, u uuid, en e, co c, ra r, dd d, ddr dr, rg int4range, tr tstzrange, ia int[], ea e[], va varchar[], ci cidr, rc regclass, ch char(3), cc "char", ts tsvector, p point, iv interval, x xml, m money, bt bit(3));
-- measure
CREATE INDEX ON t USING gist (id);
CREATE INDEX ON t USING gist (ra);
CREATE INDEX ON t USING gist (en);
CREATE INDEX ON t USING gist (ddr);
CREATE INDEX ON t USING gist (dd);
CREATE INDEX ON t USING gist (ia);
CREATE INDEX ON t USING gin (ia);
CREATE INDEX ON t USING gin (ea);
CREATE INDEX ON t USING gin (id);
CREATE INDEX ON t USING gin (v);
CREATE INDEX ON t USING gin (js);
CREATE INDEX ON t USING hash (v);
CREATE INDEX ON t USING hash (va);
CREATE INDEX ON t USING hash (en);
CREATE INDEX ON t USING hash (co);
CREATE INDEX ON t USING hash (js);
CREATE INDEX ON t USING hash (p);
CREATE INDEX ON t USING hash (ci);
CREATE INDEX ON t USING hash (rc);
CREATE INDEX ON t USING hash (cc);
CREATE INDEX ON t USING hash (x);
CREATE INDEX ON t USING hash (bt);
CREATE INDEX ON t USING brin (en);
CREATE INDEX ON t USING brin (v);
CREATE INDEX ON t USING brin (ia);
CREATE INDEX ON t USING brin (b);
CREATE INDEX ON t USING brin (bt);
CREATE INDEX ON t USING brin (rg);
CREATE INDEX ON t USING brin (ci);
CREATE INDEX ON t USING spgist (v);
CREATE INDEX ON t USING spgist (id);
CREATE INDEX ON t USING spgist (ra);
CREATE INDEX ON t USING spgist (ch);
CREATE INDEX ON t (co);
CREATE INDEX ON t (x);
CREATE INDEX ON t (va);
CREATE INDEX ON t (bt);
CREATE INDEX ON t (js);
CREATE INDEX ON t (p);
CREATE INDEX ON t (rc);
ALTER TABLE t ADD EXCLUDE USING gist (id WITH =, rg WITH &&);
ALTER TABLE t ADD EXCLUDE USING gist (rg WITH &&);
ALTER TABLE t ADD EXCLUDE (id WITH =);
ALTER TABLE t ADD EXCLUDE USING btree (p WITH =);
CREATE TABLE n (id int, during tstzrange, EXCLUDE USING gist (id WITH =, during WITH &&));
CREATE TABLE n (id int, during tstzrange, EXCLUDE USING gist (during WITH &&));
CREATE TABLE n (id json PRIMARY KEY);
CREATE TABLE n (id json, UNIQUE (id));
CREATE TABLE n (id json UNIQUE);
CREATE TABLE n (id d PRIMARY KEY);

-- case: a key WITHOUT OVERLAPS needs a range and an operator class
CREATE TABLE t (id int, v int4range, w text);
-- measure
ALTER TABLE t ADD PRIMARY KEY (id, v WITHOUT OVERLAPS);
ALTER TABLE t ADD UNIQUE (id, v WITHOUT OVERLAPS);
ALTER TABLE t ADD UNIQUE (v, id WITHOUT OVERLAPS);
ALTER TABLE t ADD UNIQUE (v WITHOUT OVERLAPS);
CREATE TABLE n (id int, during tstzrange, PRIMARY KEY (id, during WITHOUT OVERLAPS));
CREATE TABLE n (id int, during tstzrange, UNIQUE (during WITHOUT OVERLAPS));
CREATE TABLE n (id tstzrange, during tstzrange, UNIQUE (id, during WITHOUT OVERLAPS));
CREATE TABLE n (id int, during tstzrange, UNIQUE (during, id WITHOUT OVERLAPS));

-- case: with btree_gist numbers can be in a gist index
CREATE EXTENSION btree_gist;
CREATE TABLE t (id int, v int4range, w text);
-- measure
CREATE INDEX ON t USING gist (id);
ALTER TABLE t ADD EXCLUDE USING gist (id WITH =, v WITH &&);
CREATE TABLE n (id int, during tstzrange, EXCLUDE USING gist (id WITH =, during WITH &&));

-- case: with btree_gist a key WITHOUT OVERLAPS stands
CREATE EXTENSION btree_gist;
CREATE TABLE t (id int, v int4range, w text);
-- measure
ALTER TABLE t ADD PRIMARY KEY (id, v WITHOUT OVERLAPS);
CREATE TABLE n (id int, during tstzrange, PRIMARY KEY (id, during WITHOUT OVERLAPS));
CREATE TABLE n (id int, during tstzrange, UNIQUE (during, id WITHOUT OVERLAPS));
