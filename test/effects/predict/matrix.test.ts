import { describe, expect, test } from "vitest";
import { predict } from "../../../src/effects/predict/index.ts";
import { copyWorld, fold, type World } from "../../../src/effects/world/index.ts";
import { parseSql } from "../../../src/sql/index.ts";
import { factsOn, readMeasured, toFacts, type Facts } from "../matrix/support-facts.ts";
import { baseSql, majors, readForms, type Form } from "../matrix/support.ts";
import { idsIn, inTransaction, worldOf } from "./support.ts";

/** Forms of which the catalog and the text do not tell everything: the prediction must say so. */
const unknown: ReadonlySet<string> = new Set([
  // What was prepared is the session's.
  "execute",
  // Whether a provider is loaded is the server's settings'.
  "security-label",
]);

/** Forms of which the rows, or what a COMMIT lets go, decide how much is seen of all that is predicted. */
const rowsDecide: ReadonlySet<string> = new Set([
  "copy-from-foreign-key",
  "copy-from-partitioned",
  "do-commit",
  "do-for-query",
  "do-if-exists-taken",
  "update-foreign-key-column",
  // A table without anything to rebuild is let go before it can be seen to be locked.
  "reindex-schema",
]);

/** Failures that are left to the server: a column in an expression, the name of a setting. */
const leftToServer: ReadonlySet<string> = new Set(["alter-system", "select-missing-column"]);

/** Work that is the planner's choice: how a function reads another table while the statement runs it. */
const planned: Readonly<Record<string, string>> = {
  "create-index-function-reads": "scan public.orgs",
  "truncate-with-trigger": "scan public.orgs",
};

const measured = readMeasured();
const forms = (await readForms()).filter(({ chapter }) => !chapter.startsWith("alter-"));

async function worldBefore(base: World, { id, setUp }: Form): Promise<World> {
  const world = copyWorld(base);
  for (const statement of await parseSql(setUp, id)) fold(statement, world);
  return world;
}

/** The statement failed: locks and work of it were not seen. */
function failed({ locks, work, fails }: Facts): boolean {
  return fails.length > 0 && work.length === 0 && Object.keys(locks).length === 0;
}

/** Modes by kind and name. What part a relation plays is told by other means there, from the text alone. */
function modesOf({ locks }: Facts): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(locks).map(([key, mode]) => [key.slice(key.indexOf(" ") + 1), mode]),
  );
}

const isRowChange = (work: string) =>
  ["insert ", "update ", "delete ", "merge ", "copy "].some((command) => work.startsWith(command));

const exceptRows = (work: readonly string[]) => work.filter((item) => !isRowChange(item));

/** Rows that were seen to change are among those that may: by COPY as inserted, by MERGE as any of the three. */
function expectRowChanges(own: readonly string[], seen: readonly string[]): void {
  const changes = new Set(
    own.filter(isRowChange).flatMap((item) => {
      const [command, relation] = item.split(" ");
      if (command === "copy") return [`insert ${relation}`];
      if (command !== "merge") return [item];
      return ["insert", "update", "delete"].map((each) => `${each} ${relation}`);
    }),
  );
  expect([...changes]).toEqual(expect.arrayContaining(seen.filter(isRowChange)));
}

describe.each(majors)("on %i, from the text alone", async (major) => {
  const base = await worldOf(baseSql, major);
  const here = forms.flatMap((form) => {
    const facts = factsOn(measured[form.id] ?? [], major);
    return facts === undefined ? [] : [{ form, facts, id: form.id }];
  });

  test("forms of every chapter were measured", () => {
    const chapters = new Set(here.map(({ form }) => form.chapter));
    expect([...chapters].sort()).toEqual([...new Set(forms.map(({ chapter }) => chapter))].sort());
  });

  test.each(here)("$id", async ({ form, facts }) => {
    const world = await worldBefore(base, form);
    const { statement, id } = form;
    const existing = idsIn(world);
    const effect = predict({ statement, world, existing, session: inTransaction });
    const own = toFacts(effect);
    if (unknown.has(id)) {
      expect(effect.unknown).not.toEqual([]);
      return;
    }
    expect(effect.unknown).toEqual([]);
    if (failed(facts)) {
      // Of an error that rows or their values raise, it may be certain from the text that they do.
      const states = own.fails.map((fail) => fail.split(" ")[1]);
      const expected = facts.fails.map((fail) => fail.split(" ")[1]);
      const isValue = expected.every((state) => state?.startsWith("22"));
      if (!leftToServer.has(id) && !isValue)
        expect(states).toEqual(expect.arrayContaining(expected));
      return;
    }
    expect(own.fails.filter((fail) => fail.startsWith("always"))).toEqual([]);
    if (rowsDecide.has(id)) expect(modesOf(own)).toMatchObject(modesOf(facts));
    else expect(modesOf(own)).toEqual(modesOf(facts));
    expect(exceptRows(own.work)).toEqual(
      exceptRows(facts.work).filter((item) => item !== planned[id]),
    );
    if (statement.kind !== "RefreshMatViewStmt") expectRowChanges(own.work, facts.work);
  });
});
