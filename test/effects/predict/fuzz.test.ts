import fc from "fast-check";
import { expect, test } from "vitest";
import { predict } from "../../../src/effects/predict/index.ts";
import {
  copyWorld,
  fold,
  readWorld,
  relationName,
  type World,
} from "../../../src/effects/world/index.ts";
import { fillTables } from "../../../src/effects/rows/index.ts";
import { Session } from "../../../src/pg/index.ts";
import { startScratch } from "../../../src/scratch/index.ts";
import { parseSql } from "../../../src/sql/index.ts";
import { baseSql } from "../matrix/support.ts";
import type { Effect } from "../../../src/effects/index.ts";
import { measureLocks, type MeasuredLocks } from "./measure-locks.ts";
import { anyStatement, oddSql } from "./statements.ts";
import { idsIn, inTransaction, modes, worldOf } from "./support.ts";

/** How many statements run on a server; twenty times as many are predicted without one. */
const size = Number(process.env["LOCKSTEP_FUZZ"] ?? 60);
/** The same statements each time, unless a size is asked for. */
const seed = process.env["LOCKSTEP_FUZZ"] === undefined ? { seed: 11 } : {};
const perSequence = 20;

/** Relations that an effect tells of, which must all be ones that existed. */
function existingNames(world: World, existing: ReadonlySet<number>): ReadonlySet<string> {
  const known = [...world.relations.values()].filter(({ id }) => existing.has(id));
  return new Set(known.map(relationName));
}

/** Kinds of statements of which the rows that are there decide what else is locked, of all that is predicted. */
const rowsDecide: ReadonlySet<string> = new Set([
  "DeleteStmt",
  "DoStmt",
  "InsertStmt",
  "UpdateStmt",
]);

/** Errors within expressions: a column in a query, the type of a value. They are left to the server. */
const inExpressions: ReadonlySet<string> = new Set(["22007", "22P02", "42703", "42804"]);

function isAsPredicted(kind: string, effect: Effect, measured: MeasuredLocks): boolean {
  const { failures, unknown } = effect;
  if (unknown.length > 0) return true;
  const isCertain = failures.some(({ when }) => when === "always");
  if (measured.sqlState !== undefined)
    return (
      isCertain ||
      inExpressions.has(measured.sqlState) ||
      failures.some(({ sqlState }) => sqlState === measured.sqlState)
    );
  if (isCertain) return false;
  const own = modes(effect);
  if (rowsDecide.has(kind))
    return Object.entries(measured.modes).every(([name, mode]) => own[name] === mode);
  return JSON.stringify(own) === JSON.stringify(measured.modes);
}

test("sequences of statements are predicted and folded without a crash", async () => {
  const start = await worldOf(baseSql + oddSql);
  const existing = idsIn(start);
  const sequences = fc.array(anyStatement, { minLength: 1, maxLength: perSequence });
  await fc.assert(
    fc.asyncProperty(sequences, async (statements) => {
      const world = copyWorld(start);
      for (const text of statements) {
        const [statement] = await parseSql(text, "fuzz");
        const names = existingNames(world, existing);
        const effect = predict({
          statement: statement!,
          world,
          existing,
          session: inTransaction,
        });
        for (const { relation } of [...effect.locks, ...effect.work])
          expect(names, `${text} in ${statements.join("; ")}`).toContain(relation);
        if (effect.failures.every(({ when }) => when !== "always")) fold(statement!, world);
      }
    }),
    { numRuns: size, ...seed },
  );
});

test("what a server does is what was predicted", async () => {
  await using scratch = await startScratch({ major: 18 });
  const database = await scratch.createDatabase();
  const open = async () => Session.open({ url: database.url, applicationName: "fuzz" });
  await using watcher = await open();
  await watcher.batch(baseSql + oddSql);
  await fillTables(watcher, 100);
  const world = await readWorld(watcher);
  const existing = idsIn(world);
  const differences: string[] = [];
  await fc.assert(
    fc.asyncProperty(anyStatement, async (text) => {
      const [statement] = await parseSql(text, "fuzz");
      const effect = predict({ statement: statement!, world, existing, session: inTransaction });
      await using worker = await open();
      const measured = await measureLocks(worker, watcher, text);
      if (!isAsPredicted(statement!.kind, effect, measured))
        differences.push(
          `${text}\n  measured  ${JSON.stringify(measured)}\n  predicted ${JSON.stringify({ modes: modes(effect), failures: effect.failures })}`,
        );
    }),
    { numRuns: size, ...seed },
  );
  expect(differences.join("\n")).toBe("");
}, 600_000);
