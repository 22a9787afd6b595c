import { expect, it } from "vitest";
import { Session } from "../../src/pg/index.ts";
import { copySanitised, type MaskRules } from "../../src/sanitise/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";

const schema = `
  CREATE EXTENSION citext;
  CREATE TYPE mood AS ENUM ('calm', 'busy');
  CREATE DOMAIN address AS text CHECK (VALUE ~ '^[^@]+$' OR VALUE ~ '@');
  CREATE TYPE place AS (street text, number int);
  CREATE TABLE org (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name citext NOT NULL UNIQUE, code varchar(14) UNIQUE);
  CREATE TABLE patient (
    id serial PRIMARY KEY, org_name citext NOT NULL REFERENCES org (name), org_id bigint REFERENCES org,
    name text, email address, short varchar(9), fixed char(6), words text[], deep address[], facts jsonb, paper json, raw bytea,
    lexemes tsvector, card bigint, age smallint, salary numeric(12,2), rate float8, born date, seen timestamptz, noted timestamp(0),
    host inet, token uuid, mood mood, moods mood[], is_ill boolean, home place, during tstzrange, way point, wait interval,
    kept text, faked text, mail text, constant text, worked text, none text,
    shown text GENERATED ALWAYS AS (upper(name)) STORED);
  CREATE UNIQUE INDEX patient_name ON patient (lower(name), card);
  CREATE TABLE visit (card_no numeric(19,0) PRIMARY KEY, day date UNIQUE, at timestamptz UNIQUE, position int UNIQUE);
  CREATE TABLE visit_line (card_no numeric(19,0) NOT NULL REFERENCES visit, line int, PRIMARY KEY (card_no, line));
  CREATE TABLE part (id int, at timestamptz NOT NULL, word text, PRIMARY KEY (id, at)) PARTITION BY HASH (id);
  CREATE TABLE part_0 PARTITION OF part FOR VALUES WITH (MODULUS 2, REMAINDER 0);
  CREATE TABLE part_1 PARTITION OF part FOR VALUES WITH (MODULUS 2, REMAINDER 1);
  CREATE TABLE "odd.Name" ("a ""b" text PRIMARY KEY, "\\ tab" text);
  CREATE MATERIALIZED VIEW known AS SELECT name, mood FROM patient;`;

const rows = `
  INSERT INTO org (name, code) SELECT 'Secretorg ' || n, 'SECRETC-' || n FROM generate_series(1, 50) n;
  INSERT INTO patient (org_name, org_id, name, email, short, fixed, words, deep, facts, paper, raw, lexemes, card, age, salary, rate, born,
      seen, noted, host, token, mood, moods, is_ill, home, during, way, wait, kept, faked, mail, constant, worked, none)
    SELECT 'secretORG ' || 1 + n % 50, 1 + n % 50, 'Ermintrude Quux ' || n, 'quux' || n || '@secret.example', 'shsecret', 'fsecre',
      ARRAY['secretword', NULL, ''], ARRAY['secretdeep@quux']::address[], jsonb_build_object('secretkey', 'kuru' || n), '["secretpaper"]',
      '\\xfeedfacecafebeef', to_tsvector('simple', 'secretlexeme ' || n), 4929123456780000 + n, 31377, 123456.78 + n, 0.123456789012,
      '1931-07-13', '1987-03-04 05:06:07.890123+00', '1989-08-07 06:05:04', '203.0.113.77', 'deadbeef-1234-4321-8888-c0ffee123456', 'busy', '{calm,busy}', n % 2 = 0,
      ROW('secretstreet', 987654)::place, '[1987-03-04 05:06:07+00,1987-03-05 05:06:07+00)', '(98.7654321,12.3456789)', '98 days 07:06:05',
      'kept on purpose ' || n, 'Quux-77 O''Secret', 'quux@secret.example', 'secretconstant', 'secretworked', 'secretnone'
    FROM generate_series(1, 120) n;
  INSERT INTO visit SELECT 4485987654320000000 + n * 7919, '1931-01-01'::date + n, '1987-03-04 05:06:07.890123+00'::timestamptz + n * interval '1 hour 1 second', n FROM generate_series(1, 150) n;
  INSERT INTO visit_line SELECT card_no, n FROM visit, generate_series(1, 2) n;
  INSERT INTO part SELECT n, '1987-03-04 05:06:07+00'::timestamptz + n * interval '1 day', 'secretpart' FROM generate_series(1, 100) n;
  INSERT INTO "odd.Name" SELECT 'Secret' || n, E'back\\\\slash\\tsecret' FROM generate_series(1, 20) n;
  REFRESH MATERIALIZED VIEW known;
  COMMENT ON TABLE patient IS 'secretcomment';
  ALTER TABLE patient ALTER name SET DEFAULT 'secretdefault';
  ANALYZE;`;

const rules: MaskRules = {
  columns: {
    "patient.kept": "keep",
    "public.*.faked": "fake",
    "patient.mail": "email",
    "patient.constant": { value: "it's one" },
    "patient.worked": { sql: "pg_catalog.length(worked)::text -- of it" },
    "patient.none": "null",
  },
  types: { int2: "mask" },
};

/** What of a value would tell it, however it is written. */
const traces =
  /secret|ermintrude|quux(?! )|kuru|feedface|cafebeef|49291234567|44859876543|\b31377\b|123456\.78|0\.1234567|1931-07-13|03-04 05:06:07|08-07 06:05:04|203\.0\.113|deadbeef|c0ffee|\b987654\b|98 days|98\.765/i;

async function opened(server: Scratch, sql: readonly string[]) {
  const database = await server.createDatabase();
  const session = await Session.open({ url: database.url, applicationName: "test" });
  for (const each of sql) await session.batch(each);
  return { ...database, session };
}

/** Every row of every table, and all that the server knows of them. */
async function everything(session: Session): Promise<string> {
  const { rows: tables } = await session.query<{ name: string }>(
    "SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind IN ('r', 'm') AND (nspname = 'public' OR relname IN ('pg_statistic', 'pg_description', 'pg_attrdef'))",
  );
  const texts = tables.map(({ name }) => `(SELECT string_agg(x::text, ' ') FROM ${name} x)`);
  const { rows: dump } = await session.query<{ text: string }>(
    `SELECT concat_ws(' ', ${texts.join(", ")}) AS text`,
  );
  return dump[0]!.text;
}

const majors = process.env["LOCKSTEP_TEST_MAJORS"]?.split(",").map(Number) ?? [18];

it.each(majors)(
  "copies rows of which nothing but what a rule keeps can be found, Postgres %i",
  async (major) => {
    await using server = await startScratch({ major, settings: { log_statement: "all" } });
    const source = await opened(server, [schema, rows]);
    const target = await opened(server, [schema]);
    const other = await opened(server, [schema]);
    await using from = source.session;
    await using to = target.session;
    await using again = other.session;
    const original = await everything(from);
    expect(original.match(new RegExp(traces, "gi"))!.length).toBeGreaterThan(1_000);
    const logged = server.log().length;
    const locks: Promise<{ rows: { mode: string }[] }>[] = [];
    const copied = await copySanitised({
      sourceUrl: source.url,
      targetUrl: target.url,
      rules,
      key: "a key",
      onProgress: () =>
        locks.push(
          from.query<{ mode: string }>(
            "SELECT DISTINCT l.mode FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE a.application_name = 'lockstep/sanitise' AND l.locktype = 'relation' AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())",
          ),
        ),
    });
    const modes = (await Promise.all(locks)).flatMap((each) => each.rows.map(({ mode }) => mode));
    expect([...new Set(modes)]).toEqual(["AccessShareLock"]);
    expect(await everything(from)).toBe(original);
    expect(server.log().slice(logged)).not.toMatch(/secret|quux|kuru/i);
    const text = await everything(to);
    expect(text.length).toBeGreaterThan(20_000);
    expect(traces.exec(text)).toBeNull();
    expect(text).toContain("kept on purpose 77");
    expect(text).toContain("calm");
    const ask = async (session: Session, sql: string) => (await session.queryArrays(sql)).flat();
    // As many rows, nulls, characters and digits; keys and what refers to them.
    const shape = `SELECT (SELECT count(*)::int FROM org), (SELECT count(*)::int FROM patient), (SELECT count(*)::int FROM part), (SELECT count(*)::int FROM visit_line),
      (SELECT count(*)::int FROM patient p JOIN org o ON o.name = p.org_name AND p.org_id = o.id),
      (SELECT count(*)::int FROM visit_line JOIN visit USING (card_no)), (SELECT count(DISTINCT name)::int FROM org),
      length(min(name)) FROM patient`;
    const before = await ask(from, shape);
    expect((await ask(to, shape)).slice(0, -1)).toEqual(before.slice(0, -1));
    const [first] = await ask(
      to,
      `SELECT jsonb_build_object('short', length(short), 'words', words[2:3], 'facts', jsonb_typeof(facts), 'paper', json_typeof(paper), 'raw', octet_length(raw), 'card', length(card::text),
       'age', length(age::text), 'salary', length(trunc(salary)::text), 'born', to_char(born, 'YYYY-MM'), 'seen', to_char(seen AT TIME ZONE 'UTC', 'YYYY-MM'), 'host', host << '10.0.0.0/8', 'mood', mood, 'home', home,
       'mail', mail ~ '^[a-z0-9]{20}@example.com$', 'faked', faked ~ '^[A-Z][a-z]{3}-[0-9]{2} [A-Z][a-z][A-Z][a-z]{5}$', 'constant', constant, 'worked', worked, 'none', none, 'shown', shown = upper(name)) FROM patient WHERE id = 7`,
    );
    expect(first).toEqual({
      short: 8,
      words: [null, ""],
      facts: "object",
      paper: "array",
      raw: 8,
      card: 16,
      age: 5,
      salary: 6,
      born: "1931-07",
      seen: "1987-03",
      host: true,
      mood: "busy",
      home: null,
      mail: true,
      faked: true,
      constant: "it's one",
      worked: "12",
      none: null,
      shown: true,
    });
    // Sequences go on after the rows, and so does an identity.
    expect(await ask(to, "INSERT INTO org (name) VALUES ('new') RETURNING id::int")).toEqual([51]);
    expect(await ask(to, "SELECT nextval('patient_id_seq')::int")).toEqual([121]);
    expect(
      copied.columns
        .filter(({ by }) => by === "numbered")
        .map(({ relation, column }) => `${relation}.${column}`),
    ).toEqual(["public.org.id", "public.patient.id", "public.patient.org_id"]);
    expect(
      copied.columns
        .filter(({ mask, by }) => mask === "null" && by === "default")
        .map(({ column }) => column),
    ).toEqual(["home", "during", "way", "wait"]);
    // The same key, the same masks.
    await copySanitised({ sourceUrl: source.url, targetUrl: other.url, rules, key: "a key" });
    const masks = "SELECT md5(string_agg(p::text, ' ' ORDER BY id)) FROM patient p";
    expect(await ask(again, masks)).toEqual(await ask(to, masks));
  },
);
