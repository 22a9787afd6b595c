import { readdirSync, readFileSync } from "node:fs";
import { predict, startPredicting } from "../../../src/effects/predict/index.ts";
import type { SessionState } from "../../../src/effects/index.ts";
import {
  createWorld,
  fold,
  objectsOf,
  readWorld,
  type World,
} from "../../../src/effects/world/index.ts";
import { parseSql } from "../../../src/sql/index.ts";
import type { Scratch } from "../../../src/scratch/index.ts";
import { comparable } from "../world/comparable.ts";
import { differences, needsNewSession } from "./compare.ts";
import { Trial } from "./server.ts";

/** A schema and statements on it, of a file in `found/`. */
export interface Found {
  readonly name: string;
  readonly majors: readonly [number, number];
  readonly schema: string;
  /** Each is undone. */
  readonly measured: string;
  /** Each stays, and the folded catalog is compared in the end. */
  readonly kept: string;
}

/**
 * Kinds of difference that were found and corrected. A case begins with `-- case: name`, has `-- pg: 15-18` when it is not
 * for 14 to 18, the schema, and then after `-- measure` statements that are undone, after `-- keep` statements that stay.
 */
export function readFound(): readonly Found[] {
  const folder = new URL("found/", import.meta.url);
  return readdirSync(folder).flatMap((file) => {
    const [, ...cases] = readFileSync(new URL(file, folder), "utf8").split(/^-- case: /m);
    return cases.map((text) => {
      const [head = "", kept = ""] = text.split(/^-- keep$/m);
      const [start = "", measured = ""] = head.split(/^-- measure$/m);
      const [name = "", ...lines] = start.split("\n");
      const [, from = "14", to = "18"] = /^-- pg: (\d+)-(\d+)$/m.exec(start) ?? [];
      const majors = [Number(from), Number(to)] as const;
      return { name, majors, schema: lines.join("\n"), measured, kept };
    });
  });
}

const off = { ms: 0, from: { kind: "default" } } as const;

const session: SessionState = {
  inTransaction: true,
  transaction: 1,
  failed: false,
  lockTimeout: off,
  statementTimeout: off,
  settings: new Map([["timezone", "UTC"]]),
  held: [],
};

/** What differs from what a server does: one sentence each. */
export async function tryFound(scratch: Scratch, found: Found): Promise<readonly string[]> {
  const database = await scratch.createDatabase();
  await using trial = await Trial.open(database.url);
  const { watcher } = trial.sessions;
  const empty = await readWorld(watcher);
  const folded = createWorld({
    major: scratch.major,
    complete: true,
    ...(empty.server && { server: empty.server }),
  });
  folded.extensions.add("plpgsql");
  for (const statement of await parseSql(found.schema, found.name)) {
    await watcher.batch(statement.sql);
    fold(statement, folded);
  }
  const read = await readWorld(watcher);
  const told = [...catalogDifferences(folded, read)];
  await trial.start();
  for (const statement of await parseSql(found.measured, found.name)) {
    const predicted = [read, folded].map((world) =>
      predict({ statement, world, existing: objectsOf(world), session }),
    );
    if (predicted.some(needsNewSession)) await trial.forget();
    const seen = await trial.undone(statement);
    for (const effect of predicted) {
      told.push(...differences(statement, effect, seen).map((what) => `${statement.sql}: ${what}`));
    }
  }
  const existing = new Set([...folded.relations.values()].map(({ id }) => id));
  const predictNext = startPredicting();
  for (const statement of await parseSql(found.kept, found.name)) {
    const effect = predictNext({ statement, world: folded, existing, session });
    if (needsNewSession(effect)) await trial.forget(folded);
    const seen = await trial.kept(statement);
    told.push(...differences(statement, effect, seen).map((what) => `${statement.sql}: ${what}`));
    if (seen.effect !== undefined) fold(statement, folded, { inTransaction: false });
  }
  told.push(...catalogDifferences(folded, await readWorld(watcher)));
  return told;
}

function catalogDifferences(folded: World, read: World): readonly string[] {
  const [own, real] = [comparable(folded), comparable(read)];
  return [...new Set([...own.keys(), ...real.keys()])]
    .filter((name) => !name.startsWith("pg_temp") && !name.startsWith("type pg_temp"))
    .filter((name) => JSON.stringify(own.get(name)) !== JSON.stringify(real.get(name)))
    .map(
      (name) =>
        `${name} is folded to ${own.get(name)?.join(" | ")} and is ${real.get(name)?.join(" | ")}`,
    );
}
