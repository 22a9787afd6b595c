-- bad: a table without one
-- base
CREATE TABLE users (id bigint PRIMARY KEY);
-- migration
CREATE TABLE things (id bigint, name text); -- i no-primary-key

-- good: added in a later statement, and a partition
-- base
CREATE TABLE metrics (id bigint NOT NULL, taken_at date NOT NULL) PARTITION BY RANGE (taken_at);
-- migration
CREATE TABLE things (id bigint, name text);
ALTER TABLE things ADD PRIMARY KEY (id);
CREATE TEMPORARY TABLE scratch_of_things (id bigint);
