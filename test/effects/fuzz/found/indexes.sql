-- case: operator classes, collations and order of keys
CREATE TABLE t (id int, a text, b varchar, c text COLLATE "C", j jsonb, ip inet, arr int[], r int4range);
CREATE INDEX i1 ON t (a text_pattern_ops, b varchar_pattern_ops DESC);
CREATE INDEX i2 ON t (a COLLATE "C", c COLLATE "C", c COLLATE "POSIX" DESC NULLS LAST);
CREATE INDEX i3 ON t USING gin (j jsonb_path_ops, arr);
CREATE INDEX i4 ON t USING gist (ip inet_ops, r);
CREATE INDEX i5 ON t (id NULLS FIRST, a text_ops);
CREATE INDEX i6 ON t (lower(a) text_pattern_ops, id DESC NULLS FIRST) INCLUDE (b);
CREATE INDEX i7 ON t USING brin (id, a);
CREATE INDEX i8 ON t USING hash (a);
CREATE UNIQUE INDEX i9 ON t ((a || b) DESC) WHERE id > 0;
ALTER TABLE t ADD EXCLUDE USING gist (r WITH &&);
CREATE TABLE p (id int, a text, b text) PARTITION BY LIST (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
CREATE TABLE p2 (id int, a text, b text);
CREATE INDEX ON p (a text_pattern_ops);
CREATE INDEX ON p (b DESC);
CREATE INDEX p2a ON p2 (a);
CREATE INDEX p2b ON p2 (b);
CREATE TABLE l (LIKE t INCLUDING ALL);
-- measure
ALTER TABLE p ATTACH PARTITION p2 FOR VALUES IN (2);
CREATE INDEX ON p (a);
CREATE INDEX ON p (b COLLATE "C");
CREATE INDEX ON p (b NULLS FIRST);
ALTER INDEX p_a_idx ATTACH PARTITION p2a;
-- keep
ALTER TABLE p ATTACH PARTITION p2 FOR VALUES IN (2);
CREATE INDEX ON p (a);
ALTER TABLE t ALTER a TYPE varchar;
ALTER TABLE t ALTER c TYPE text;
ALTER TABLE t RENAME a TO z;

-- case: indexes in which nulls are the same
-- pg: 15-18
CREATE TABLE p (id int, a text, b text) PARTITION BY LIST (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
CREATE UNIQUE INDEX u1 ON p1 (id, a) NULLS NOT DISTINCT;
CREATE UNIQUE INDEX u2 ON p1 (id, b);
CREATE TABLE q (id int UNIQUE NULLS NOT DISTINCT);
-- measure
CREATE UNIQUE INDEX ON p (id, a);
CREATE UNIQUE INDEX ON p (id, b) NULLS NOT DISTINCT;
CREATE UNIQUE INDEX ON p (id, b);
-- keep
CREATE UNIQUE INDEX ON p (id, a);
CREATE UNIQUE INDEX ON p (id, b);

-- case: a key under the name of the one that goes with its column
CREATE TABLE a (id bigint PRIMARY KEY, name text, age int UNIQUE, at timestamp);
CREATE INDEX ON a (date(at));
-- measure
ALTER TABLE a ALTER at TYPE date;
ALTER TABLE a ALTER name TYPE varchar, ADD fresh serial PRIMARY KEY, DROP id;
ALTER TABLE a ALTER id TYPE int, ALTER age TYPE bigint;

-- case: parameters are those of the index's method
CREATE TABLE a (id int PRIMARY KEY, tags text[]);
CREATE INDEX g ON a USING gin (tags);
CREATE INDEX h ON a USING hash (id);
CREATE INDEX b ON a USING brin (id);
-- measure
ALTER INDEX g SET (fillfactor = 80);
ALTER INDEX g SET (fastupdate = off);
ALTER INDEX h SET (fillfactor = 80);
ALTER INDEX h SET (deduplicate_items = off);
ALTER INDEX b SET (pages_per_range = 8);
ALTER INDEX b SET (fillfactor = 80);
ALTER INDEX a_pkey SET (deduplicate_items = off);
ALTER INDEX a_pkey SET (fastupdate = off);
ALTER INDEX a_pkey RESET (fastupdate);
