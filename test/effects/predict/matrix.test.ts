import { describe, expect, test } from "vitest";
import { predict } from "../../../src/effects/predict/index.ts";
import { copyWorld, fold, type World } from "../../../src/effects/world/index.ts";
import { parseSql } from "../../../src/sql/index.ts";
import { factsOn, readMeasured, toFacts, type Facts } from "../matrix/support-facts.ts";
import { baseSql, majors, readForms, type Form } from "../matrix/support.ts";
import { idsIn, inTransaction, worldOf } from "./support.ts";

/** Forms of which the catalog and the text do not tell everything: the prediction must say so. */
const unknown: ReadonlySet<string> = new Set([
  "alter-publication-set-table",
  "cluster-again",
  "cluster-all",
  "cluster-no-index",
  "drop-owned",
  "drop-server-cascade",
  "execute",
  "reassign-owned",
  "security-label",
  "update-referenced-key",
  "update-referenced-key-cascade",
]);

/** Forms whose rows come from outside: they decide which partitions and parents are locked, of all that are predicted. */
const rowsDecide: ReadonlySet<string> = new Set(["copy-from-foreign-key", "copy-from-partitioned"]);

/** Failures that no prediction tells: a column in an expression, a file of the server. */
const unforeseen: ReadonlySet<string> = new Set(["load-missing", "select-missing-column"]);

const measured = readMeasured();
const forms = (await readForms()).filter(({ chapter }) => !chapter.startsWith("alter-"));

async function worldBefore(base: World, { id, setUp }: Form): Promise<World> {
  const world = copyWorld(base);
  for (const statement of await parseSql(setUp, id)) fold(statement, world);
  return world;
}

function isFailure(facts: Facts): boolean {
  return facts.fails.some((fail) => !fail.startsWith("in-transaction")) && facts.work.length === 0;
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
    if (isFailure(facts)) {
      if (!unforeseen.has(id)) expect(own.fails).toEqual(expect.arrayContaining([...facts.fails]));
      return;
    }
    expect(own.fails.filter((fail) => fail.startsWith("always"))).toEqual([]);
    if (rowsDecide.has(id)) expect(own.locks).toMatchObject(facts.locks);
    else expect(own.locks).toEqual(facts.locks);
    expect(own.work).toEqual(facts.work);
  });
});
