import { expect, test } from "vitest";
import { predicted, tableModes, worldOf } from "./support.ts";

const count = 24;
const numbers = Array.from({ length: count }, (_, index) => index + 1);

/** Every table has a trigger that changes every other table: there are more paths through them than can be gone. */
const everyOther = numbers
  .map(
    (own) => `
      CREATE TABLE t${own} (id int);
      CREATE FUNCTION f${own}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF pg_trigger_depth() < 3 THEN
          ${numbers
            .filter((other) => other !== own)
            .map((other) => `UPDATE t${other} SET id = 1;`)
            .join(" ")}
        END IF;
        RETURN new;
      END $$;
      CREATE TRIGGER changes AFTER UPDATE ON t${own} FOR EACH ROW EXECUTE FUNCTION f${own}();`,
  )
  .join("\n");

test("triggers that set each other off are each looked into once", async () => {
  const effect = await predicted("UPDATE t1 SET id = 2", await worldOf(everyOther));
  expect(tableModes(effect)).toEqual(
    Object.fromEntries(numbers.map((number) => [`t${number}`, "RowExclusive"])),
  );
  expect(effect.unknown).toEqual([]);
});

test("a routine that was first met inside another one does the same when it is called alone", async () => {
  const world = await worldOf(`
    CREATE TABLE a (id int);
    CREATE TABLE b (id int);
    CREATE FUNCTION outer_one(n int) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
      DELETE FROM a;
      IF n > 0 THEN PERFORM inner_one(n - 1); END IF;
    END $$;
    CREATE FUNCTION inner_one(n int) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
      LOCK TABLE b IN SHARE MODE;
      IF n > 0 THEN PERFORM outer_one(n - 1); END IF;
    END $$;`);
  for (const call of ["outer_one(1)", "inner_one(1)", "outer_one(1), inner_one(1)"])
    expect(tableModes(await predicted(`SELECT ${call}`, world))).toEqual({
      a: "RowExclusive",
      b: "Share",
    });
});
