import { expect, it } from "vitest";
import { errorCodes, LockstepError, suggest } from "../../src/errors/index.ts";
import { errorJson, renderError, styleFor } from "../../src/report/index.ts";

const error = new LockstepError("database-missing", {
  what: "there is no database of that name at app@db:5432/shop",
  expected: "an existing database",
  found: 'database "shop" does not exist',
  from: "lockstep.config.ts:12",
  why: "the last part of the URL is misspelt, or points at another server than the one that holds the production data",
  next: ["list them: psql -l", "lockstep status"],
});

it("draws the slots in their order, wrapped, without colours when piped", () => {
  const text = renderError(error, styleFor({ isTTY: false, columns: 80, env: {} }));
  expect(text).toMatchInlineSnapshot(`
    "error[database-missing]: there is no database of that name at app@db:5432/shop
      expected  an existing database
      found     database "shop" does not exist
      from      lockstep.config.ts:12
      why       the last part of the URL is misspelt, or points at another server
                than the one that holds the production data
      next      list them: psql -l
                lockstep status"
  `);
});

it("gives scripts the same facts", () => {
  expect(errorJson(error)).toMatchObject({
    version: 1,
    error: {
      code: "database-missing",
      exitCode: 2,
      next: ["list them: psql -l", "lockstep status"],
    },
  });
});

it("knows an exit code of 1, 2 or 3 for every error", () => {
  for (const [code, exit] of Object.entries(errorCodes)) expect([1, 2, 3], code).toContain(exit);
});

it("suggests only what is close", () => {
  expect(suggest("migratons", ["migrations", "contract"])).toBe("migrations");
  expect(suggest("xyz", ["migrations", "contract"])).toBeUndefined();
});

it("quotes known names for the shell where it says what to run", () => {
  const odd = new LockstepError("migration-unresolved", {
    what: "0001 add it's in part",
    next: [
      "when it is there: lockstep resolve 0001 add it's --as applied",
      "git log -p -- db/0001 add it's.sql, and bring it back; 0001 add is another one",
      "correct db/0001 add it's.sql:3",
    ],
  });
  const names = ["0001 add", "0001 add it's", "db/0001 add it's.sql", "0002_plain"];
  expect(errorJson(odd, names).error.next).toEqual([
    String.raw`when it is there: lockstep resolve '0001 add it'\''s' --as applied`,
    String.raw`git log -p -- 'db/0001 add it'\''s.sql', and bring it back; '0001 add' is another one`,
    "correct db/0001 add it's.sql:3",
  ]);
  const text = renderError(odd, styleFor({ columns: 120, env: {}, names }));
  expect(text).toContain("0001 add it's in part");
  expect(text).toContain(String.raw`lockstep resolve '0001 add it'\''s' --as applied`);
});
