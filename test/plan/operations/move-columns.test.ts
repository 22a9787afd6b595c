import { expect, it } from "vitest";
import { planOf } from "../operation-harness.ts";
import { testCases } from "./cases.ts";

const base = `
CREATE TABLE "App User" (
  id bigserial PRIMARY KEY,
  name text NOT NULL,
  bio text,
  "Avatar ""URL""" varchar(200),
  seen integer NOT NULL DEFAULT 0
);
CREATE INDEX bio_idx ON "App User" (bio);
CREATE TABLE note (id serial PRIMARY KEY, "user" bigint REFERENCES "App User" ON DELETE CASCADE);
CREATE TABLE place (country text, city text, zip text, mayor text, PRIMARY KEY (country, city));
INSERT INTO "App User" (name, bio, "Avatar ""URL""")
  SELECT 'Name ' || n, CASE WHEN n % 3 > 0 THEN 'Bio ' || n END, CASE WHEN n % 2 > 0 THEN 'url ' || n END
    FROM generate_series(1, 60) n;
INSERT INTO place SELECT 'C' || n % 3, 'City ' || n, n::text, CASE WHEN n % 2 = 0 THEN 'Mayor ' || n END
  FROM generate_series(1, 40) n;
`;

const old = `
INSERT INTO "App User" (name, bio, "Avatar ""URL""") VALUES ('a', 'b', NULL) RETURNING *;
INSERT INTO "App User" (name) VALUES ('alone') RETURNING *;
INSERT INTO "App User" (id, name, bio) VALUES (3, 'Three', 'x') ON CONFLICT (id) DO UPDATE SET bio = EXCLUDED.bio;
UPDATE "App User" SET bio = 'old ' || random() WHERE id = 4;
UPDATE "App User" SET bio = NULL, "Avatar ""URL""" = NULL WHERE id = 5;
UPDATE "App User" SET bio = 'five' WHERE id = 5;
UPDATE "App User" SET bio = NULL WHERE id BETWEEN 6 AND 7;
UPDATE "App User" SET seen = seen + 1;
UPDATE "App User" SET id = nextval('"App User_id_seq"'), bio = 'moved' WHERE id = (SELECT max(id) FROM "App User");
DELETE FROM "App User" WHERE id = (SELECT max(id) FROM "App User");
SELECT id, name, bio, "Avatar ""URL""" FROM "App User" ORDER BY id LIMIT 3 FOR UPDATE;
`;

const release = `
INSERT INTO "App User" (name) VALUES ('new') RETURNING id, name;
INSERT INTO "Profile" (user_id, bio) SELECT max(id), 'from the new one' FROM "App User" RETURNING *;
INSERT INTO "Profile" (user_id, bio) VALUES (8, 'eight') ON CONFLICT (user_id) DO UPDATE SET bio = EXCLUDED.bio RETURNING *;
UPDATE "Profile" SET bio = 'new ' || random() WHERE user_id = 4 RETURNING *;
UPDATE "Profile" SET avatar = NULL, bio = DEFAULT WHERE user_id = 2;
UPDATE "Profile" SET bio = 'b' FROM "App User" u WHERE u.id = user_id AND u.id < 20;
DELETE FROM "Profile" WHERE user_id = (SELECT max(user_id) FROM "Profile");
UPDATE "App User" SET seen = seen + 1 WHERE id < 9;
DELETE FROM "Profile" WHERE user_id = (SELECT max(id) FROM "App User");
DELETE FROM "App User" WHERE id = (SELECT max(id) FROM "App User");
SELECT user_id, bio, avatar FROM "Profile" ORDER BY 1 LIMIT 3;
SELECT u.name, p.bio FROM "App User" u LEFT JOIN "Profile" p ON p.user_id = u.id ORDER BY u.id;
`;

const moved = `
CREATE TABLE "Profile" (
  user_id bigint PRIMARY KEY REFERENCES "App User" ON DELETE CASCADE,
  bio text,
  avatar varchar(200)
);
INSERT INTO "Profile" (user_id, avatar, bio)
  SELECT u.id, "Avatar ""URL""", u.bio FROM "App User" u WHERE bio IS NOT NULL OR u."Avatar ""URL""" IS NOT NULL;
ALTER TABLE "App User" DROP COLUMN bio, DROP COLUMN "Avatar ""URL""";
`;

const subject = {
  operation: "move columns to a new table",
  does: "triggers keep the two tables in step, writers of both lock the row of the old one first",
};

testCases(
  subject,
  { base, old, new: release },
  [
    { name: "odd names, a table without more", naive: moved },
    {
      name: "RESTRICT, an index, a comment, a privilege, columns of its own",
      naive: `
CREATE ROLE lockstep_mover;
CREATE TABLE "Profile" (
  user_id bigint PRIMARY KEY,
  bio text DEFAULT 'none',
  avatar varchar(200),
  theme integer NOT NULL DEFAULT 1
);
ALTER TABLE "Profile" ADD CONSTRAINT "of user" FOREIGN KEY (user_id) REFERENCES "App User" ON DELETE RESTRICT;
CREATE INDEX "Profile bio" ON "Profile" (bio);
COMMENT ON TABLE "Profile" IS 'what they say of themselves';
GRANT SELECT, UPDATE (bio) ON "Profile" TO lockstep_mover;
INSERT INTO "Profile" (user_id, avatar, bio) SELECT id, "Avatar ""URL""", bio FROM "App User"
  WHERE bio IS NOT NULL OR "Avatar ""URL""" IS NOT NULL ON CONFLICT DO NOTHING;
ALTER TABLE "App User" DROP COLUMN bio;
ALTER TABLE "App User" DROP COLUMN "Avatar ""URL""";
`.replace("CREATE ROLE lockstep_mover;", ""),
      base: `${base}DO $$BEGIN CREATE ROLE lockstep_mover; EXCEPTION WHEN duplicate_object THEN END$$;`,
    },
    {
      name: "CREATE TABLE … AS, a second column that does not decide",
      naive: `
CREATE TABLE "Profile" AS SELECT id AS user_id, bio, "Avatar ""URL""" AS avatar FROM "App User" WHERE bio IS NOT NULL WITH DATA;
ALTER TABLE "Profile" ALTER COLUMN user_id SET NOT NULL;
ALTER TABLE "Profile" ADD UNIQUE (user_id);
ALTER TABLE "Profile" ADD FOREIGN KEY (user_id) REFERENCES "App User";
ALTER TABLE "App User" DROP COLUMN bio, DROP COLUMN "Avatar ""URL""";
`,
    },
    {
      name: "beside a column that gets another name, to two tables",
      naive: `
CREATE TABLE "Profile" (user_id bigint PRIMARY KEY REFERENCES "App User" ON DELETE CASCADE, bio text);
INSERT INTO "Profile" SELECT id, bio FROM "App User" WHERE bio IS NOT NULL;
ALTER TABLE "App User" DROP COLUMN bio;
CREATE TABLE picture (of_user bigint PRIMARY KEY REFERENCES "App User", url varchar(200));
INSERT INTO picture SELECT id, "Avatar ""URL""" FROM "App User" WHERE "Avatar ""URL""" IS NOT NULL;
ALTER TABLE "App User" DROP COLUMN "Avatar ""URL""";
ALTER TABLE "App User" RENAME COLUMN name TO full_name;
`,
      new: `
INSERT INTO "App User" (full_name) VALUES ('new') RETURNING id, full_name;
INSERT INTO "Profile" (user_id, bio) SELECT max(id), 'from the new one' FROM "App User" RETURNING *;
INSERT INTO picture (of_user, url) VALUES (8, 'eight') ON CONFLICT (of_user) DO UPDATE SET url = EXCLUDED.url RETURNING *;
UPDATE "Profile" SET bio = 'new' WHERE user_id = 4;
UPDATE picture SET url = 'new' WHERE of_user < 6;
DELETE FROM "Profile" WHERE user_id = (SELECT max(id) FROM "App User");
DELETE FROM picture WHERE of_user = 7;
DELETE FROM "App User" WHERE id = (SELECT max(id) FROM "App User");
`,
    },
    {
      name: "a key of two columns, a column that must not be NULL",
      naive: `
CREATE TABLE town_hall (
  of_country text, of_city text, mayor text NOT NULL,
  PRIMARY KEY (of_country, of_city),
  FOREIGN KEY (of_country, of_city) REFERENCES place ON UPDATE CASCADE ON DELETE CASCADE
);
INSERT INTO town_hall SELECT country, city, mayor FROM place WHERE mayor IS NOT NULL;
ALTER TABLE place DROP COLUMN mayor;
`,
      old: `
INSERT INTO place VALUES ('C1', 'New ' || random(), '1', 'M'), ('C1', 'Old ' || random(), '1', NULL);
UPDATE place SET mayor = NULL WHERE city = 'City 2';
UPDATE place SET mayor = 'again' WHERE city IN ('City 2', 'City 3');
UPDATE place SET mayor = NULL WHERE city IN ('City 3', 'City 4');
UPDATE place SET city = city || '.', zip = '0' WHERE city LIKE 'New %';
DELETE FROM place WHERE city LIKE 'New %';
`,
      new: `
INSERT INTO place (country, city) VALUES ('C2', 'N ' || random());
INSERT INTO town_hall SELECT country, city, 'their own' FROM place WHERE city LIKE 'N %' ON CONFLICT (of_country, of_city) DO NOTHING;
UPDATE town_hall SET mayor = 'x' WHERE of_city = 'City 2';
DELETE FROM town_hall WHERE of_city = 'City 6';
DELETE FROM town_hall WHERE of_city LIKE 'N %';
DELETE FROM place WHERE city LIKE 'N %';
`,
    },
  ],
  (scratch) => {
    it.each([
      [
        "a row for every user",
        `CREATE TABLE p (u bigint PRIMARY KEY REFERENCES "App User", bio text);
         INSERT INTO p SELECT id, bio FROM "App User"; ALTER TABLE "App User" DROP COLUMN bio`,
        "nothing tells who did",
      ],
      [
        "no foreign key",
        `CREATE TABLE p (u bigint PRIMARY KEY, bio text);
         INSERT INTO p SELECT id, bio FROM "App User" WHERE bio IS NOT NULL; ALTER TABLE "App User" DROP COLUMN bio`,
        "by a foreign key",
      ],
      [
        "a value that is computed",
        `CREATE TABLE p (u bigint PRIMARY KEY REFERENCES "App User", bio text);
         INSERT INTO p SELECT id, upper(bio) FROM "App User" WHERE bio IS NOT NULL; ALTER TABLE "App User" DROP COLUMN bio`,
        "computes",
      ],
      [
        "a column that stays",
        `CREATE TABLE p (u bigint PRIMARY KEY REFERENCES "App User", bio text, name text);
         INSERT INTO p SELECT id, bio, name FROM "App User" WHERE bio IS NOT NULL; ALTER TABLE "App User" DROP COLUMN bio`,
        "repeats name",
      ],
      [
        "a check",
        `CREATE TABLE p (u bigint PRIMARY KEY REFERENCES "App User", bio text CHECK (bio <> ''));
         INSERT INTO p SELECT id, bio FROM "App User" WHERE bio IS NOT NULL; ALTER TABLE "App User" DROP COLUMN bio`,
        "would refuse",
      ],
      [
        "a number of its own",
        `CREATE TABLE p (id serial PRIMARY KEY, u bigint NOT NULL UNIQUE REFERENCES "App User", bio text);
         INSERT INTO p (u, bio) SELECT id, bio FROM "App User" WHERE bio IS NOT NULL; ALTER TABLE "App User" DROP COLUMN bio`,
        "get other numbers in batches",
      ],
      [
        "unique values",
        `CREATE TABLE p (u bigint PRIMARY KEY REFERENCES "App User", bio text UNIQUE);
         INSERT INTO p SELECT id, bio FROM "App User" WHERE bio IS NOT NULL; ALTER TABLE "App User" DROP COLUMN bio`,
        "in two orders",
      ],
      [
        "rows that depend on what stays",
        `CREATE TABLE p (u bigint PRIMARY KEY REFERENCES "App User", bio text);
         INSERT INTO p SELECT id, bio FROM "App User" WHERE bio IS NOT NULL AND seen > 0; ALTER TABLE "App User" DROP COLUMN bio`,
        "both releases write",
      ],
      [
        "statements that use the new table",
        `CREATE TABLE p (u bigint PRIMARY KEY REFERENCES "App User", bio text);
         INSERT INTO p SELECT id, bio FROM "App User" WHERE bio IS NOT NULL; ALTER TABLE "App User" DROP COLUMN bio;
         CREATE VIEW w AS SELECT * FROM p`,
        "names",
      ],
      [
        "a table that is there",
        `ALTER TABLE note ADD COLUMN bio text;
         UPDATE note SET bio = u.bio FROM "App User" u WHERE u.id = note."user";
         ALTER TABLE "App User" DROP COLUMN bio`,
        "only where the second is made for it",
      ],
      [
        "a table that is there, by INSERT",
        `INSERT INTO note ("user") SELECT id FROM "App User" WHERE bio IS NOT NULL; ALTER TABLE "App User" DROP COLUMN id CASCADE`,
        "only where the second is made for it",
      ],
      [
        "rows by a column that goes",
        `INSERT INTO note ("user") SELECT id FROM "App User" WHERE bio IS NOT NULL; ALTER TABLE "App User" DROP COLUMN bio`,
        'bio of public."App User" decides which rows public.note gets',
      ],
    ])("refuses %s", async (_what, naive, why) => {
      const { parts, plan } = await planOf(scratch(), base, naive);
      expect(plan).toBeUndefined();
      const refused = parts.find(({ kind }) => kind === "refused");
      expect(refused).toMatchObject({ why: expect.stringContaining(why) });
    });

    it("a copy of columns that stay is none of it", async () => {
      const { parts } = await planOf(
        scratch(),
        `CREATE TABLE person (id serial PRIMARY KEY, name text, bio text);
         CREATE TABLE page (person integer PRIMARY KEY REFERENCES person, text text);`,
        "INSERT INTO page SELECT id, bio FROM person ON CONFLICT DO NOTHING; ALTER TABLE person DROP COLUMN name",
      );
      expect(parts.map(({ kind }) => kind)).not.toContain("refused");
    });
  },
);
