import { fold } from "../../../src/effects/index.ts";
import { copyWorld, createWorld, readWorld, type World } from "../../../src/effects/world/index.ts";
import { predict, startPredicting } from "../../../src/effects/predict/index.ts";
import { fillTables } from "../../../src/effects/rows/index.ts";
import { stronger, type LockMode } from "../../../src/effects/lock-modes.ts";
import type { SessionState } from "../../../src/effects/index.ts";
import { sqlState } from "../../../src/pg/index.ts";
import { parseSql, type Statement } from "../../../src/sql/index.ts";
import type { Scratch } from "../../../src/scratch/index.ts";
import { comparable } from "../world/comparable.ts";
import { differences, isAboutOwnRows, lockDifferences, needsNewSession } from "./compare.ts";
import { drawOne } from "./draw.ts";
import { drawSchema } from "./schema.ts";
import { Trial } from "./server.ts";
import { drawAlone, drawStatement } from "./statements.ts";

export interface FuzzOptions {
  readonly scratch: Scratch;
  readonly seed: number;
  /** How many schemas, each in a database of its own. */
  readonly schemas: number;
  /** Number of the first of them, 0 by default. */
  readonly from?: number;
  /** Statements that are each run on the schema as it was made. */
  readonly single: number;
  /** Statements that are run one after the other, each in a transaction of its own; some cannot run in one. */
  readonly sequence: number;
  /** Statements that are run in one transaction. */
  readonly together: number;
  /** Schemas that are worked on at the same time, 1 by default. */
  readonly jobs?: number;
  readonly onProgress?: (result: FuzzResult) => void;
}

export interface Difference {
  /** Where it was seen, so that it can be made again. */
  readonly schema: number;
  readonly step: string;
  readonly sql: string;
  readonly what: string;
}

export interface FuzzResult {
  /** Statements of which prediction and server were compared. */
  compared: number;
  /** How many of them the server ran without an error. */
  succeeded: number;
  /** How many of them the prediction said not to know something of: nothing more is compared. */
  notKnown: number;
  readonly unknown: Map<string, { count: number; sql: string }>;
  readonly differences: Difference[];
  readonly refusedSetUp: Map<string, number>;
}

/** Compares what is predicted with what a server does, statement by statement, on random schemas. */
export async function fuzz(options: FuzzOptions): Promise<FuzzResult> {
  const result: FuzzResult = {
    compared: 0,
    succeeded: 0,
    notKnown: 0,
    unknown: new Map(),
    differences: [],
    refusedSetUp: new Map(),
  };
  const { from = 0 } = options;
  const numbers = Array.from({ length: options.schemas }, (_, at) => from + at).values();
  const work = async () => {
    for (const schema of numbers) {
      await fuzzSchema(options, schema, result);
      options.onProgress?.(result);
    }
  };
  await Promise.all(Array.from({ length: options.jobs ?? 1 }, work));
  return result;
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

async function fuzzSchema(options: FuzzOptions, schema: number, result: FuzzResult): Promise<void> {
  const { scratch, seed } = options;
  const database = await scratch.createDatabase();
  try {
    await using trial = await Trial.open(database.url);
    const { server } = await readWorld(trial.sessions.watcher);
    const folded = createWorld({ major: scratch.major, complete: true, ...(server && { server }) });
    folded.extensions.add("plpgsql");
    await makeSchema(
      trial,
      drawOne(seed, schema, (draw) => drawSchema(draw, scratch.major)),
      folded,
      result,
    );
    if (schema % 3 !== 0) await fillTables(trial.sessions.watcher, 25);
    const read = await readWorld(trial.sessions.watcher);
    await trial.start();
    const step = new Step(options, schema, result, trial);
    for (let at = 0; at < options.single; at += 1) await step.single(at, { folded, read });
    await step.together(options.together, copyWorld(read));
    await step.sequence(options.sequence, folded);
  } finally {
    await database.drop();
  }
}

async function makeSchema(
  { sessions: { watcher } }: Trial,
  statements: readonly string[],
  world: World,
  { refusedSetUp }: FuzzResult,
): Promise<void> {
  for (const text of statements) {
    try {
      await watcher.batch(text);
    } catch (error) {
      const key = `${sqlState(error)} ${(error as Error).message}`;
      refusedSetUp.set(key, (refusedSetUp.get(key) ?? 0) + 1);
      continue;
    }
    for (const statement of await parseSql(text, "schema")) fold(statement, world);
  }
}

const idsOf = ({ relations }: World) => new Set([...relations.values()].map(({ id }) => id));

/** The steps on one schema. */
class Step {
  readonly #options: FuzzOptions;
  readonly #schema: number;
  readonly #result: FuzzResult;
  readonly #trial: Trial;

  constructor(options: FuzzOptions, schema: number, result: FuzzResult, trial: Trial) {
    this.#options = options;
    this.#schema = schema;
    this.#result = result;
    this.#trial = trial;
  }

  async #draw(at: number, world: World, build = drawStatement): Promise<Statement> {
    // All may have been dropped.
    const hasTables = [...world.relations.values()].some(
      ({ kind, schema }) => kind === "table" && schema !== "pg_temp",
    );
    const text = hasTables
      ? drawOne(this.#options.seed, this.#schema * 10_000 + at, (draw) => build(draw, world))
      : "CREATE TABLE fresh (id integer)";
    const [statement] = await parseSql(text, "fuzz");
    return statement!;
  }

  #tell(step: string, { sql }: Statement, found: readonly string[]): void {
    for (const what of found)
      this.#result.differences.push({ schema: this.#schema, step, sql, what });
  }

  #count(unknown: readonly string[], isDone: boolean, sql: string): void {
    this.#result.compared += 1;
    if (isDone) this.#result.succeeded += 1;
    if (unknown.length > 0) this.#result.notKnown += 1;
    for (const reason of unknown) {
      const key = reason.replaceAll(/"(?:[^"]|"")*"/g, "…");
      const known = this.#result.unknown.get(key);
      if (known === undefined) this.#result.unknown.set(key, { count: 1, sql });
      else known.count += 1;
    }
  }

  /** A statement on the schema as it was made, predicted from the catalog as it was read and as it was folded. */
  async single(at: number, worlds: Readonly<Record<"folded" | "read", World>>): Promise<void> {
    const statement = await this.#draw(at, worlds.folded);
    const predicted = Object.entries(worlds).map(
      ([name, world]) =>
        [name, predict({ statement, world, existing: idsOf(world), session })] as const,
    );
    if (predicted.some(([, effect]) => needsNewSession(effect))) await this.#trial.forget();
    const seen = await this.#trial.undone(statement);
    for (const [name, effect] of predicted) {
      if (name === "folded") this.#count(effect.unknown, seen.effect !== undefined, statement.sql);
      this.#tell(`${name} ${at}`, statement, differences(statement, effect, seen));
    }
  }

  /** Statements in one transaction: the locks that are held add up. */
  async together(count: number, world: World): Promise<void> {
    if (count === 0) return;
    await this.#trial.forget();
    const { worker } = this.#trial.sessions;
    const existing = idsOf(world);
    const foreseen = new Map<number, LockMode>();
    const predictNext = startPredicting();
    await worker.query("BEGIN");
    try {
      for (let at = 0; at < count; at += 1) {
        const statement = await this.#draw(5_000 + at, world);
        const effect = predictNext({ statement, world, existing, session });
        const { held, failure } = await this.#trial.within(statement);
        this.#count(effect.unknown, failure === undefined, statement.sql);
        const step = `together ${at}`;
        if (failure !== undefined) {
          this.#tell(
            step,
            statement,
            differences(statement, effect, { effect: undefined, failure }),
          );
          // Sequences stay locked when what used them is undone (sequence.c, lock_and_open_sequence).
          foreseen.clear();
          for (const [id, mode] of held) foreseen.set(id, mode);
          continue;
        }
        const certain = effect.failures.filter(({ when }) => when !== "on-rows");
        if (certain.length > 0)
          this.#tell(step, statement, [
            `predicted to fail ${certain.map(({ sqlState: state, message }) => `${state} ${message}`).join(", ")}`,
          ]);
        if (effect.unknown.length > 0 || certain.length > 0) return;
        for (const { relation, mode } of effect.locks) {
          const id = world.relations.get(relation)?.id ?? 0;
          foreseen.set(id, stronger(foreseen.get(id) ?? mode, mode));
        }
        const isPart = ["Delete", "Insert", "Update", "Do", "Select", "Merge"].includes(
          statement.kind.replace("Stmt", ""),
        );
        const name = (id: number) => nameOf(world, id);
        const found = lockDifferences(byName(foreseen, name), byName(held, name), isPart);
        this.#tell(step, statement, found);
        // What rows made weaker is no difference of the next statement.
        foreseen.clear();
        for (const [id, mode] of held) foreseen.set(id, mode);
        fold(statement, world);
      }
    } finally {
      await worker.query("ROLLBACK");
    }
  }

  /** Statements one after the other, on a catalog that is folded on; at the end it is what a server has. */
  async sequence(count: number, world: World): Promise<void> {
    if (count === 0) return;
    await this.#trial.start();
    const existing = idsOf(world);
    const done: string[] = [];
    for (let at = 0; at < count; at += 1) {
      const build = at % 5 === 4 ? drawAlone : drawStatement;
      const statement = await this.#draw(7_000 + at, world, build);
      const effect = predict({ statement, world, existing, session });
      if (needsNewSession(effect)) await this.#trial.forget(world);
      const seen = await this.#trial.kept(statement);
      this.#count(effect.unknown, seen.effect !== undefined, statement.sql);
      if (!isAboutOwnRows(statement, seen, world, existing))
        this.#tell(`sequence ${at}`, statement, differences(statement, effect, seen));
      if (seen.effect === undefined) continue;
      fold(statement, world);
      done.push(statement.sql);
    }
    await this.#compareCatalogs(world, done);
  }

  async #compareCatalogs(world: World, done: readonly string[]): Promise<void> {
    // What a program did may not be known: then the world says so, and so does every prediction.
    if (world.uncertain.length > 0) return;
    const own = comparable(world);
    const read = comparable(await readWorld(this.#trial.sessions.watcher));
    for (const name of new Set([...own.keys(), ...read.keys()])) {
      if (name.startsWith("pg_temp") || name.startsWith("type pg_temp")) continue;
      const [a, b] = [own.get(name), read.get(name)];
      if (JSON.stringify(a) === JSON.stringify(b)) continue;
      const history = done
        .filter((sql) => sql.includes(name.split(".").at(-1)!.replaceAll('"', "")))
        .join("; ");
      const detail =
        a === undefined
          ? "is not folded"
          : b === undefined
            ? "is folded and not there"
            : firstDifference(a, b);
      this.#tell("catalog", { sql: `(the catalog after) ${history}` } as Statement, [
        `${name} ${detail}`,
      ]);
    }
  }
}

function firstDifference(own: readonly string[], read: readonly string[]): string {
  const extra = own.filter((line) => !read.includes(line));
  const lacking = read.filter((line) => !own.includes(line));
  return `folded ${extra.join(" | ")} <> read ${lacking.join(" | ")}`;
}

function byName(
  modes: ReadonlyMap<number, LockMode>,
  name: (id: number) => string,
): ReadonlyMap<string, string> {
  return new Map([...modes].map(([id, mode]) => [name(id), mode]));
}

function nameOf(world: World, id: number): string {
  const found = [...world.relations.values()].find((each) => each.id === id);
  return found === undefined ? String(id) : `${found.kind} ${found.schema}.${found.name}`;
}
