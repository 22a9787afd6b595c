import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { byId, copyWorld, fold, readWorld, type World } from "../../../src/effects/index.ts";
import { Session } from "../../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../../src/scratch/index.ts";
import { parseSql } from "../../../src/sql/index.ts";
import { measureLocks } from "../predict/measure-locks.ts";
import { modes, predicted, worldOf } from "../predict/support.ts";
import { baseSql, cases } from "./cases.ts";

test("there are at least eighty programs", () => {
  expect(cases.length).toBeGreaterThanOrEqual(80);
  expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
});

/** Relations with columns and constraints, and types with labels. */
function catalogOf(world: World): readonly string[] {
  const lines: string[] = [];
  for (const {
    schema,
    name,
    kind,
    columns,
    constraints,
    index,
    rowSecurity,
  } of world.relations.values()) {
    if (kind === "toast table") continue;
    const on = index === undefined ? "" : ` on ${byId(world, index.table)?.name}`;
    lines.push(`${kind} ${schema}.${name}${on}${rowSecurity ? " with row security" : ""}`);
    for (const column of columns)
      lines.push(
        `${schema}.${name}.${column.name} ${column.type.name}${column.notNull ? " not null" : ""}${column.default === undefined ? "" : " default"}`,
      );
    for (const constraint of constraints)
      lines.push(`${schema}.${name} ${constraint.kind} ${constraint.name}`);
  }
  for (const { schema, name, kind, labels } of world.types.values())
    lines.push(`${kind} ${schema}.${name} ${labels.join(" ")}`);
  return lines.sort();
}

describe.each([14, 18])("Postgres %i", (major) => {
  let scratch: Scratch;
  let worker: Session;
  let watcher: Session;
  let before: World;

  beforeAll(async () => {
    scratch = await startScratch({ major });
    const database = await scratch.createDatabase();
    worker = await Session.open({ url: database.url, applicationName: "worker" });
    watcher = await Session.open({ url: database.url, applicationName: "watcher" });
    await worker.query(baseSql);
    before = await worldOf(baseSql, major);
  });

  afterAll(async () => {
    await worker.close();
    await watcher.close();
    await scratch.close();
  });

  /** The catalog as the server has it after the program; as it was when the program fails. */
  async function serverAfter(sql: string): Promise<readonly string[]> {
    await worker.query("BEGIN");
    try {
      await worker.query(sql);
      return catalogOf(await readWorld(worker));
    } catch {
      return catalogOf(before);
    } finally {
      await worker.query("ROLLBACK");
    }
  }

  test.each(cases)("$name", async ({ sql, certainty }) => {
    const effect = await predicted(sql, before);
    const measured = await measureLocks(worker, watcher, sql);
    const failure = effect.failures.find(({ when }) => when === "always");
    const after = copyWorld(before);
    const [statement] = await parseSql(sql, "program");
    if (failure === undefined) fold(statement!, after);
    const isUncertain = after.uncertain.length > 0;
    if (certainty === "known") {
      expect({ unknown: effect.unknown, uncertain: after.uncertain }).toEqual({
        unknown: [],
        uncertain: [],
      });
      expect(failure?.sqlState).toBe(measured.sqlState);
      if (failure === undefined) expect(modes(effect)).toEqual(measured.modes);
    } else {
      expect(failure).toBeUndefined();
      if (effect.unknown.length === 0)
        for (const [relation, mode] of Object.entries(measured.modes))
          expect({ relation, mode: modes(effect)[relation] }).toEqual({ relation, mode });
    }
    if (!isUncertain) expect(catalogOf(after)).toEqual(await serverAfter(sql));
  });
});
