import { expect, it } from "vitest";
import { planOf } from "../operation-harness.ts";
import { testCases } from "./cases.ts";

const base = `
CREATE TYPE "Role" AS ENUM ('user', 'admin', 'guest');
CREATE TABLE account (
  id serial PRIMARY KEY,
  role "Role" NOT NULL DEFAULT 'user',
  roles "Role"[],
  name text DEFAULT 'user'
);
CREATE INDEX admins ON account (role, id);
CREATE TABLE invitation (id serial PRIMARY KEY, role "Role", UNIQUE (role, id));
INSERT INTO account (role, roles) SELECT CASE WHEN n % 3 = 0 THEN 'admin' ELSE 'user' END::"Role", '{user,admin}' FROM generate_series(1, 30) n;
INSERT INTO invitation (role) VALUES ('admin'), (NULL);
`;

/** As one ORM writes it. */
const made = `
CREATE TYPE "Role_new" AS ENUM ('admin', 'user', 'owner', 'guest');
ALTER TABLE account ALTER COLUMN role DROP DEFAULT;
ALTER TABLE account ALTER COLUMN role TYPE "Role_new" USING (role::text::"Role_new");
ALTER TABLE account ALTER COLUMN roles TYPE "Role_new"[] USING (roles::text::"Role_new"[]);
ALTER TABLE invitation ALTER COLUMN role TYPE "Role_new" USING (role::text::"Role_new");
ALTER TYPE "Role" RENAME TO "Role_old";
ALTER TYPE "Role_new" RENAME TO "Role";
DROP TYPE "Role_old";
ALTER TABLE account ALTER COLUMN role SET DEFAULT 'user';
`;

/** And as others do. */
const renamed = `
ALTER TYPE "Role" RENAME TO old_role;
CREATE TYPE "Role" AS ENUM ('admin', 'user', 'owner', 'guest');
ALTER TABLE account ALTER COLUMN role DROP DEFAULT, ALTER COLUMN role TYPE "Role" USING role::text::"Role", ALTER COLUMN role SET DEFAULT 'admin';
ALTER TABLE account ALTER COLUMN roles TYPE "Role"[] USING roles::text::"Role"[];
ALTER TABLE invitation ALTER COLUMN role TYPE "Role" USING role::text::"Role";
DROP TYPE old_role;
`;

const old = `
INSERT INTO account (roles) VALUES ('{admin}');
UPDATE account SET role = 'admin'::"Role" WHERE id = 2;
INSERT INTO invitation (role) VALUES ('user') RETURNING *;
SELECT * FROM account WHERE role = 'admin' AND 'user' = ANY (roles);
`;
const next = `
INSERT INTO account (role, roles) VALUES ('owner', '{owner,user}');
UPDATE invitation SET role = 'owner' WHERE id = 1;
SELECT * FROM account WHERE role > 'admin'::"Role" ORDER BY role;
`;

const subject = {
  operation: "make an enum type anew",
  does: "second columns of the new type, kept in step; type and columns take the names in the contract phase",
};

testCases(
  subject,
  { base, old, new: next },
  [
    { name: "a second type that gets the name", naive: made },
    {
      name: "the type renamed and made again",
      naive: renamed,
      also: ({ backfill }) => expect(backfill.at(-1)!.title).toContain("change over"),
    },
    {
      name: "a label that goes, which the old release reads, and one that comes between the others",
      naive: renamed.replace("'admin', 'user', 'owner', 'guest'", "'user', 'owner', 'admin'"),
      old: `${old}; SELECT * FROM account WHERE role = 'guest' OR 'guest' = ANY (roles); SELECT * FROM invitation WHERE role <> 'guest'`,
      new: `${next}; SELECT 1 / (count(*) = 0)::integer FROM account WHERE role = 'owner' AND role NOT BETWEEN 'user' AND 'admin'`,
      also: ({ contract, notes }) => {
        expect(contract[0]!.title).toMatch(/^columns change over, dual writes end/);
        expect(notes).toContainEqual(expect.stringMatching(/^the old release may read 'owner' of/));
        expect(notes).toContainEqual(expect.stringContaining("until the contract phase"));
      },
    },
    {
      name: "text that becomes an enum, with its default",
      naive: `ALTER TABLE account ALTER name DROP DEFAULT, ALTER name TYPE "Role" USING name::"Role", ALTER name SET DEFAULT 'guest'`,
      old: `INSERT INTO account (name) VALUES ('admin'); INSERT INTO account (role) VALUES ('admin'); SELECT * FROM account WHERE name = 'user'`,
      new: `INSERT INTO account (name) VALUES ('admin'::"Role"); INSERT INTO account (role) VALUES ('admin')`,
    },
    {
      name: "an enum that becomes text",
      naive: `ALTER TABLE invitation ALTER role TYPE text`,
      old: `INSERT INTO invitation (role) VALUES ('admin') RETURNING role; SELECT * FROM invitation WHERE role = 'user'`,
      new: `INSERT INTO invitation (role) VALUES ('guest') RETURNING role; SELECT * FROM invitation WHERE role LIKE 'u%'`,
    },
  ],
  (scratch) => {
    it("refuses a label that goes while the others get another order", async () => {
      const { parts } = await planOf(scratch(), base, renamed.replace(", 'guest');", ");"));
      expect(parts).toMatchObject([{ kind: "refused", why: expect.stringContaining("'guest'") }]);
    });

    it("refuses USING that gives other labels", async () => {
      const naive = renamed.replace(
        "USING role::text::",
        "USING (CASE role WHEN 'guest' THEN 'user' ELSE role::text END)::",
      );
      const { plan } = await planOf(scratch(), base, naive);
      expect(plan).toBeUndefined();
    });
  },
);
