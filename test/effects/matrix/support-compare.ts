import {
  createWorld,
  fold,
  predict,
  SimulatedSession,
  type Effect,
  type World,
} from "../../../src/effects/index.ts";
import { parseSql, type Statement } from "../../../src/sql/index.ts";
import { toFacts, type Facts } from "./support-facts.ts";
import { baseSql, type Form } from "./support.ts";

const bases = new Map<number, Promise<World>>();

async function baseWorld(major: number): Promise<World> {
  let world = bases.get(major);
  if (world === undefined) {
    world = folded(createWorld({ major, complete: true }), baseSql);
    bases.set(major, world);
  }
  return world;
}

async function folded(world: World, sql: string): Promise<World> {
  for (const statement of await parseSql(sql, "set-up")) fold(statement, world);
  return world;
}

/** What is predicted of a form; the catalog is folded from the schema and its set-up, without a server. */
export async function predictForm(
  { setUp, statement }: Form,
  major: number,
  copyWorld: (world: World) => World,
): Promise<Effect> {
  const world = await folded(copyWorld(await baseWorld(major)), setUp);
  const existing = new Set([...world.relations.values()].map(({ id }) => id));
  // LOCK TABLE is refused outside a transaction block, and was measured in one.
  const transaction = statement.kind === "LockStmt" ? "file" : "statement";
  const session = new SimulatedSession({ transaction });
  session.startFile("form.sql", [statement]);
  return predict({ statement, world, existing, session: session.before(statement) });
}

/** What they lock for rows depends on the rows, and on the branches that are taken. */
const rowwise = new Set([
  "InsertStmt",
  "UpdateStmt",
  "DeleteStmt",
  "MergeStmt",
  "CopyStmt",
  "SelectStmt",
  "DoStmt",
  "CallStmt",
  // REINDEX SCHEMA locks a table without indexes too, and lets go of it before anything is written.
  "ReindexStmt",
]);

/**
 * How a prediction differs from what was measured; nothing when they are equal. Roles are words for people and not compared.
 *
 * - A failure on rows may be predicted where the rows at hand do not fail.
 * - What fails is undone, its locks with it: only that it fails was seen.
 * - Of queries and programs a prediction may say more than these rows show (a foreign key that is looked up only for
 *   a value that is not null), never less.
 */
export function differences(
  effect: Effect,
  measured: Facts,
  statement: Statement,
): readonly string[] {
  const predicted = toFacts(effect);
  const fails = (facts: Facts, kind: string) => facts.fails.filter((text) => text.startsWith(kind));
  if (fails(measured, "always").length > 0)
    return fails(predicted, "always").length > 0
      ? []
      : [`not predicted: it fails, ${measured.fails.join(", ")}`];
  const all = [
    ...apart("lock", locksOf(measured), locksOf(predicted)),
    ...apart("work", measured.work.map(unnamed), predicted.work.map(unnamed)),
    ...apart("failure", [], fails(predicted, "always")),
    ...missing("failure", fails(measured, "on-rows"), fails(predicted, "on-rows")),
  ];
  return rowwise.has(statement.kind) ? all.filter((line) => !line.startsWith("only")) : all;
}

function locksOf({ locks }: Facts): readonly string[] {
  return Object.entries(locks).map(([key, mode]) => `${key.slice(key.indexOf(" ") + 1)} ${mode}`);
}

/** The name of a new index is chosen by the server. */
function unnamed(work: string): string {
  const [kind, relation, , ...flags] = work.split(" ");
  return kind === "index-build" && !flags.includes("again")
    ? [kind, relation, ...flags].join(" ")
    : work;
}

function apart(what: string, measured: readonly string[], predicted: readonly string[]) {
  const extra = predicted.filter((text) => !measured.includes(text));
  return [
    ...missing(what, measured, predicted),
    ...extra.map((text) => `only predicted ${what}: ${text}`),
  ];
}

function missing(what: string, measured: readonly string[], predicted: readonly string[]) {
  return measured
    .filter((text) => !predicted.includes(text))
    .map((text) => `not predicted ${what}: ${text}`);
}
