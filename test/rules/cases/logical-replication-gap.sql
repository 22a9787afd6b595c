-- bad: the primary key goes
-- union: 57
-- base
CREATE TABLE events (id bigint NOT NULL, kind text, CONSTRAINT events_pkey PRIMARY KEY (id));
-- migration
ALTER TABLE events DROP CONSTRAINT events_pkey; -- ! logical-replication-gap -- i breaks-running-release

-- bad: the identity is taken off
-- union: 57
-- base
CREATE TABLE events (id bigint PRIMARY KEY, kind text);
-- migration
ALTER TABLE events REPLICA IDENTITY NOTHING; -- ! logical-replication-gap

-- bad: the index that is the identity is dropped
-- union: 57
-- base
CREATE TABLE events (id bigint NOT NULL, kind text);
CREATE UNIQUE INDEX events_id_key ON events (id);
ALTER TABLE events REPLICA IDENTITY USING INDEX events_id_key;
-- migration
DROP INDEX CONCURRENTLY events_id_key; -- ! logical-replication-gap -- i breaks-running-release

-- good: another key takes its place
-- union: 57
-- base
CREATE TABLE events (id bigint NOT NULL, kind text, CONSTRAINT events_pkey PRIMARY KEY (id));
-- migration
CREATE UNIQUE INDEX CONCURRENTLY events_id_key ON events (id);
ALTER TABLE events DROP CONSTRAINT events_pkey, ADD CONSTRAINT events_pkey PRIMARY KEY USING INDEX events_id_key;

-- bad: the identity of a published table is taken off though it has a key
-- union: 57
-- base
CREATE TABLE events (id bigint PRIMARY KEY, kind text);
CREATE PUBLICATION changes FOR TABLE events;
-- migration
ALTER TABLE events REPLICA IDENTITY NOTHING; -- ! logical-replication-gap
