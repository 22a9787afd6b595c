/** A schema with all that rows must obey, and rows in it. */
export const sourceSql = `
  CREATE TYPE mood AS ENUM ('calm', 'busy', 'late');
  CREATE DOMAIN email AS text CHECK (VALUE ~ '@');
  CREATE TABLE org (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE, plan text NOT NULL DEFAULT 'free' CHECK (plan IN ('free', 'pro', 'team')));
  CREATE TABLE person (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), org_id bigint NOT NULL REFERENCES org, email email NOT NULL, manager uuid REFERENCES person, mood mood, notes jsonb, born date, score numeric(6,2) CHECK (score >= 0), tags text[], shown text GENERATED ALWAYS AS (lower(email)) STORED);
  CREATE UNIQUE INDEX person_email ON person (lower(email));
  CREATE INDEX person_org ON person (org_id, mood);
  CREATE TABLE membership (org_id bigint REFERENCES org, person_id uuid REFERENCES person, role varchar(5) NOT NULL, PRIMARY KEY (org_id, person_id));
  CREATE TABLE badge (person_id uuid PRIMARY KEY REFERENCES person, bytes bytea);
  CREATE TABLE event (id bigserial, at timestamptz NOT NULL, org_id bigint NOT NULL REFERENCES org, body text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
  CREATE TABLE event_2023 PARTITION OF event FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
  CREATE TABLE event_2024 PARTITION OF event FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
  CREATE TABLE bucket (id int, word text, PRIMARY KEY (id)) PARTITION BY HASH (id);
  CREATE TABLE bucket_0 PARTITION OF bucket FOR VALUES WITH (MODULUS 2, REMAINDER 0);
  CREATE TABLE bucket_1 PARTITION OF bucket FOR VALUES WITH (MODULUS 2, REMAINDER 1);
  CREATE TABLE booking (id int PRIMARY KEY, during tstzrange NOT NULL, EXCLUDE USING gist (during WITH &&));
  CREATE TABLE "odd Name" ("first ""col" smallint PRIMARY KEY, g text);
  CREATE TABLE guarded (id int PRIMARY KEY, even int CHECK (even % 2 = 0 AND even > 10));
  CREATE TABLE either (id int PRIMARY KEY, kind text NOT NULL CHECK (kind IN ('a', 'b')), x int, y int, CHECK ((kind = 'a') = (x IS NOT NULL)), CHECK (num_nonnulls(x, y) = 1));
  CREATE TABLE code (word text PRIMARY KEY CHECK (word ~ '^[a-z]+$'), currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'));
  CREATE TABLE coin (amount numeric(4,2) PRIMARY KEY, "constructor" text);
  CREATE TABLE seat (id int PRIMARY KEY, taken_by uuid UNIQUE REFERENCES person);
  CREATE TABLE team (org_id bigint REFERENCES org, id int, PRIMARY KEY (org_id, id));
  CREATE TABLE colleague (org_id bigint REFERENCES org, id int, PRIMARY KEY (org_id, id));
  CREATE TABLE task (id int PRIMARY KEY, owner int NOT NULL, org_id bigint NOT NULL, team int NOT NULL, reviewer int, follows int, UNIQUE (org_id, id), FOREIGN KEY (org_id, team) REFERENCES team, FOREIGN KEY (org_id, owner) REFERENCES colleague, FOREIGN KEY (org_id, reviewer) REFERENCES colleague, FOREIGN KEY (org_id, follows) REFERENCES task (org_id, id));
  CREATE MATERIALIZED VIEW moods AS SELECT mood, count(*) AS people FROM person GROUP BY mood;
  CREATE MATERIALIZED VIEW ratio AS SELECT 1 / (90 - count(*)) AS of FROM coin;
  CREATE TABLE spread (amount int, word text) PARTITION BY RANGE ((amount % 10));
  CREATE TABLE spread_low PARTITION OF spread FOR VALUES FROM (0) TO (5);
  CREATE TABLE spread_high PARTITION OF spread FOR VALUES FROM (5) TO (10);
  CREATE TABLE elsewhere (id int);
  CREATE RULE away AS ON INSERT TO elsewhere DO INSTEAD NOTHING;
  CREATE TABLE impossible (id int PRIMARY KEY, word text NOT NULL CHECK (md5(word) = 'never'));
`;

export const sourceRows = `
  INSERT INTO org (name, plan) SELECT 'org ' || n, (ARRAY['free','free','free','pro'])[1 + n % 4] FROM generate_series(1, 200) n;
  INSERT INTO person (org_id, email, mood, notes, born, score, tags) SELECT 1 + (n * n) % 200, 'p' || n || '@example.org', CASE WHEN n % 10 < 7 THEN 'calm'::mood WHEN n % 10 = 7 THEN 'late' END,
    jsonb_build_object('n', repeat('x', n % 60)), date '1980-01-01' + n % 365, n % 900, ARRAY['a', 'b'] FROM generate_series(1, 4000) n;
  UPDATE person SET manager = (SELECT id FROM person LIMIT 1) WHERE random() < 0.5;
  INSERT INTO membership SELECT org_id, id, 'owner' FROM person;
  INSERT INTO badge SELECT id, decode(md5(id::text), 'hex') FROM person LIMIT 1000;
  INSERT INTO event (at, org_id, body) SELECT timestamptz '2023-01-01 00:00+00' + n * interval '2 hours', 1 + n % 200, repeat('b', 40) FROM generate_series(1, 8000) n;
  INSERT INTO bucket SELECT n, 'w' FROM generate_series(1, 2000) n;
  INSERT INTO booking SELECT n, tstzrange(timestamptz '2024-01-01' + n * interval '1 day', timestamptz '2024-01-01' + n * interval '1 day' + interval '1 hour') FROM generate_series(1, 300) n;
  INSERT INTO "odd Name" SELECT n, 'g' FROM generate_series(1, 500) n;
  INSERT INTO guarded SELECT n, 12 + 2 * (n % 40) FROM generate_series(1, 300) n;
  INSERT INTO either SELECT n, (ARRAY['a', 'b'])[1 + n % 2], CASE n % 2 WHEN 0 THEN n END, CASE n % 2 WHEN 1 THEN n END FROM generate_series(1, 200) n;
  INSERT INTO code SELECT translate(md5(n::text), '0123456789', 'ghijklmnop'), 'EUR' FROM generate_series(1, 200) n;
  INSERT INTO spread SELECT n, 'w' FROM generate_series(1, 400) n;
  INSERT INTO seat SELECT row_number() OVER (), CASE WHEN n = 1 THEN id END FROM person, generate_series(1, 3) n;
  INSERT INTO team SELECT 1 + n % 100, n FROM generate_series(1, 300) n;
  INSERT INTO colleague SELECT 51 + n % 150, n FROM generate_series(1, 600) n;
  INSERT INTO task SELECT row_number() OVER (), c.id, org_id, t.id, CASE WHEN c.id % 3 = 0 THEN c.id END FROM team t JOIN colleague c USING (org_id);
  UPDATE task SET follows = id WHERE id % 5 = 0;
  REFRESH MATERIALIZED VIEW moods;
  ANALYZE;
`;
