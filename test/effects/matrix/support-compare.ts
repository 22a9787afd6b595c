import {
  createWorld,
  fold,
  predict,
  SimulatedSession,
  type Effect,
  type World,
} from "../../../src/effects/index.ts";
import { parseSql } from "../../../src/sql/index.ts";
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
  const session = new SimulatedSession({ transaction: "statement" });
  session.startFile("form.sql", [statement]);
  return predict({ statement, world, existing, session: session.before(statement) });
}

/**
 * How a prediction differs from what was measured; nothing when they are equal. Roles are words for people and not compared.
 * A failure on rows may be predicted where the rows at hand do not fail.
 */
export function differences(effect: Effect, measured: Facts): readonly string[] {
  const predicted = toFacts(effect);
  // What fails is undone, its locks with it: only that it fails was seen.
  if (measured.fails.some((text) => text.startsWith("always")))
    return predicted.fails.some((text) => text.startsWith("always"))
      ? []
      : [`not predicted: it fails, ${measured.fails.join(", ")}`];
  const fails = (facts: Facts, kind: string) => facts.fails.filter((text) => text.startsWith(kind));
  return [
    ...apart("lock", locksOf(measured), locksOf(predicted)),
    ...apart("work", measured.work.map(unnamed), predicted.work.map(unnamed)),
    ...apart("failure", fails(measured, "always"), fails(predicted, "always")),
    ...apart("failure", fails(measured, "on-rows"), fails(predicted, "on-rows")).filter((line) =>
      line.startsWith("not predicted"),
    ),
    ...effect.unknown.map((text) => `unknown: ${text}`),
  ];
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
  return [
    ...measured
      .filter((text) => !predicted.includes(text))
      .map((text) => `not predicted ${what}: ${text}`),
    ...predicted
      .filter((text) => !measured.includes(text))
      .map((text) => `only predicted ${what}: ${text}`),
  ];
}
