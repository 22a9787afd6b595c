import { beforeAll, expect, it } from "vitest";
import { asksForName, mayWrite, takesRowWhole } from "../../src/plan/trigger-body.ts";
import { parseSql } from "../../src/sql/index.ts";

beforeAll(() => parseSql("SELECT 1", "to load the parser"));

it.each([
  ["whole", "INSERT INTO audit VALUES (TG_OP, to_jsonb(NEW))"],
  ["whole", "IF OLD IS DISTINCT FROM NEW THEN NULL; END IF; RETURN NEW"],
  ["whole", "INSERT INTO old_rows SELECT old . *; RETURN OLD"],
  ["in part", "NEW.at := now(); NEW := NULL; RETURN coalesce(NEW, OLD)"],
  ["in part", "-- NEW\nPERFORM 'NEW', x.new FROM x; /* OLD.* */ RETURN NEW"],
  ["in part", "PERFORM 'never ends"],
])("a row is taken %s by %s", (how, body) => {
  expect(takesRowWhole(`BEGIN ${body}; END`)).toBe(how === "whole");
});

it("a table's name is asked for where it stands, and not in a string", () => {
  expect(asksForName("BEGIN EXECUTE format('SELECT %I', Tg_Table_Name); END")).toBe(true);
  expect(asksForName("BEGIN RAISE NOTICE 'TG_RELNAME'; RETURN tg_op; END")).toBe(false);
});

it.each([
  ["may", "NEW.Name := 'x'; RETURN NEW"],
  ["may", 'NEW."name" = 1; RETURN NEW'],
  ["may", "NEW := jsonb_populate_record(NEW, given); RETURN NEW"],
  ["may", "SELECT * INTO NEW FROM other; RETURN NEW"],
  ["may", "RETURN other"],
  ["may", "PERFORM 'never ends"],
  ["cannot", "NEW.at := now(); /* name */ PERFORM 'name'; RETURN NEW"],
  ["cannot", "IF NEW.at IS NULL THEN RETURN NULL; END IF; RETURN OLD"],
])("a column %s be written by %s", (how, body) => {
  expect(mayWrite(`BEGIN ${body}; END`, new Set(["name"]))).toBe(how === "may");
});
