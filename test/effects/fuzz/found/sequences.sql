-- case: a default goes by what its sequence is, unless that is looked up by name
CREATE SCHEMA s;
CREATE SEQUENCE s.q; CREATE SEQUENCE s.q2; CREATE SEQUENCE s.q3;
CREATE TABLE t (id int DEFAULT nextval('s.q'), b int DEFAULT nextval('s.q2'::regclass), c int DEFAULT nextval('s.q3'::text));
CREATE TABLE u (id serial, b int DEFAULT currval('s.q'));
ALTER SCHEMA s RENAME TO z;
ALTER SEQUENCE z.q2 RENAME TO r2;
ALTER SEQUENCE u_id_seq RENAME TO uuu;
-- measure
DROP SEQUENCE z.q;
DROP SEQUENCE z.q CASCADE;
DROP SEQUENCE z.r2;
DROP SEQUENCE z.q3;
DROP SEQUENCE uuu;
DROP SCHEMA z;
DROP SCHEMA z CASCADE;
INSERT INTO t DEFAULT VALUES;
INSERT INTO u (b) VALUES (1);
ALTER TABLE t ADD COLUMN d int DEFAULT nextval('z.q');
-- keep
DROP SEQUENCE z.r2 CASCADE;
DROP SEQUENCE uuu CASCADE;

-- case: a default is read when it is given, and its sequence and functions must be there
CREATE SCHEMA other;
CREATE TABLE t (a integer);
CREATE SEQUENCE tickets;
CREATE FUNCTION there() RETURNS integer LANGUAGE sql AS 'SELECT 1';
-- measure
ALTER TABLE t ALTER a SET DEFAULT nextval('nothing');
ALTER TABLE t ALTER a SET DEFAULT nextval('nothing'::text);
CREATE TABLE u (a integer DEFAULT nextval('nothing'));
ALTER TABLE t ALTER a SET DEFAULT nothing();
ALTER TABLE t ALTER a SET DEFAULT there();
ALTER TABLE t ALTER a SET DEFAULT length(lower('A'));
CREATE TABLE u (a integer DEFAULT nothing());
-- keep
ALTER SEQUENCE tickets SET SCHEMA other;
ALTER TABLE t ALTER a SET DEFAULT nextval('tickets');
