import { expect } from "vitest";
import { testCases } from "./cases.ts";

const base = `
CREATE TABLE "Team" (id integer PRIMARY KEY, "Code" text UNIQUE);
INSERT INTO "Team" VALUES (1, 'a'), (2, 'b');
CREATE TABLE person (
  id integer PRIMARY KEY, team integer, code text, age integer, boss integer,
  CONSTRAINT person_age_check CHECK (age > -100)
);
INSERT INTO person SELECT n, 1 + n % 2, 'a', n, NULL FROM generate_series(1, 30) n;
CREATE INDEX ON person (boss, team);
CREATE TABLE visit (at date NOT NULL, team integer, n integer, PRIMARY KEY (at)) PARTITION BY RANGE (at);
CREATE TABLE visit_old PARTITION OF visit FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE visit_new PARTITION OF visit FOR VALUES FROM ('2021-01-01') TO ('2030-01-01') PARTITION BY RANGE (at);
CREATE TABLE visit_2021 PARTITION OF visit_new FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
ALTER TABLE visit_old ADD CONSTRAINT visit_team_fkey CHECK (n < 1000);
INSERT INTO visit VALUES ('2020-02-02', 1, 1), ('2021-02-02', 2, 2);
CREATE TABLE animal (name text, legs integer);
CREATE TABLE dog (breed text) INHERITS (animal);
INSERT INTO dog VALUES ('Rex', 4, 'Collie');
CREATE TABLE log (at date);
INSERT INTO log VALUES ('2021-02-02');
`;

const undone = (statement: string) => `BEGIN; ${statement}; ROLLBACK`;

const person = {
  old: undone("INSERT INTO person VALUES (-1, 99, 'zz', -50, 99)"),
  new: "INSERT INTO person SELECT max(id) + 1, 1, 'b', 1, 1 FROM person",
};
const visit = {
  old: undone("INSERT INTO visit VALUES ('2021-03-03', 99, -1)"),
  new: undone("INSERT INTO visit VALUES ('2021-03-04', 2, 3)"),
};
const animal = {
  old: undone("INSERT INTO dog VALUES ('Rex', -1, 'Collie')"),
  new: "INSERT INTO dog VALUES ('Rex', 3, 'Collie')",
};

const subject = {
  operation: "add a check or foreign key",
  does: "NOT VALID in the contract phase, then validated while rows are written",
};

testCases(subject, { base, ...person }, [
  {
    name: "a foreign key of a new column that says what becomes of rows",
    naive: `ALTER TABLE person ADD COLUMN mentor integer;
ALTER TABLE person ADD CONSTRAINT mentored FOREIGN KEY (mentor) REFERENCES "Team" ON DELETE SET NULL`,
    old: undone(`DELETE FROM "Team" WHERE id = 2`),
    new: `INSERT INTO person (id, team, mentor) SELECT max(id) + 1, 1, 1 FROM person`,
    also: ({ contract }) => expect(contract).toEqual([]),
  },
  { name: "a check; its usual name is taken", naive: "ALTER TABLE person ADD CHECK (age >= 0)" },
  {
    name: "checks that are NOT VALID or not inherited",
    naive: `ALTER TABLE person ADD CONSTRAINT "Old Enough" CHECK (age >= 0) NOT VALID, ADD CHECK (age < 1000) NO INHERIT`,
  },
  {
    name: "a check of a table with children",
    naive: "ALTER TABLE animal ADD CHECK (legs >= 0)",
    also: ({ notes }) =>
      expect(notes).toEqual([expect.stringContaining("rows that it refuses keep the contract")]),
    ...animal,
  },
  {
    name: "a check of a partitioned table",
    naive: "ALTER TABLE visit ADD CHECK (n >= 0)",
    ...visit,
  },
  {
    name: "a check that is not enforced",
    from: 18,
    naive: "ALTER TABLE person ADD CHECK (age >= 0) NOT ENFORCED",
    new: person.old,
  },
  {
    name: "foreign keys, one deferrable and one to a unique key, without an index that supports them",
    naive: `ALTER TABLE person ADD FOREIGN KEY (team) REFERENCES "Team" ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE person ADD CONSTRAINT "Code of Team" FOREIGN KEY (code) REFERENCES "Team" ("Code") MATCH FULL ON UPDATE CASCADE`,
    also: ({ notes }) => {
      expect(notes).toMatchObject([
        expect.stringContaining("public.person begins with team"),
        expect.stringContaining("comes in the contract phase"),
        expect.stringContaining("public.person begins with code"),
        expect.stringContaining("may go though others refer to it; rows of public.person"),
      ]);
    },
  },
  {
    name: "a foreign key to the table itself, with an index",
    naive: "ALTER TABLE person ADD FOREIGN KEY (boss) REFERENCES person",
    also: ({ notes }) =>
      expect(notes).toEqual([expect.stringContaining("rows of public.person that refer to none")]),
  },
  {
    name: "a foreign key that is NOT VALID",
    naive: `ALTER TABLE person ADD FOREIGN KEY (team) REFERENCES "Team" NOT VALID`,
    also: ({ notes }) => expect(notes).toEqual([expect.stringContaining("begins with team")]),
  },
  {
    name: "a foreign key to a table that the migration makes",
    naive: `CREATE TABLE boss (id integer PRIMARY KEY);
INSERT INTO boss VALUES (1);
ALTER TABLE person ADD FOREIGN KEY (boss) REFERENCES boss`,
  },
  {
    name: "a foreign key of a partitioned table of two levels; a partition has the name",
    naive: `ALTER TABLE visit ADD FOREIGN KEY (team) REFERENCES "Team"`,
    ...visit,
  },
  {
    name: "a foreign key to a partitioned table",
    naive: "ALTER TABLE log ADD FOREIGN KEY (at) REFERENCES visit",
    old: undone("INSERT INTO log VALUES ('1999-01-01')"),
    new: "INSERT INTO log VALUES ('2020-02-02')",
  },
]);
