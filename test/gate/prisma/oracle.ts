import type pg from "pg";
import type { Model, Prisma } from "./client.ts";
import {
  dataFor,
  delegateOf,
  relations,
  scenariosOf,
  type Row,
  type Scenario,
  type Seeds,
} from "./scenarios.ts";

type Outcome =
  | { readonly error: string }
  | { readonly values: ReadonlyMap<string, readonly [kind: string, text: string]> };

/**
 * Tells whether code written with a Prisma schema really breaks: it makes the calls of the client and compares what they give
 * with what they gave before. It knows nothing of catalogs.
 */
export class PrismaOracle {
  readonly #prisma: Prisma;
  readonly #pool: pg.Pool;
  readonly #seeds: Seeds;
  readonly #spares: Seeds;
  readonly #known = new Map<string, readonly (readonly [Scenario, Outcome])[]>();

  private constructor(prisma: Prisma, pool: pg.Pool, seeds: Seeds, spares: Seeds) {
    this.#prisma = prisma;
    this.#pool = pool;
    this.#seeds = seeds;
    this.#spares = spares;
  }

  /** Writes rows into each table: one with everything, and one without children to hang new rows on. */
  static async start(prisma: Prisma, pool: pg.Pool): Promise<PrismaOracle> {
    const { client } = prisma;
    const seeds = new Map<string, Row>();
    const spares = new Map<string, Row>();
    for (const model of inOrder(prisma.dmmf.datamodel.models)) {
      const create = async (parents: Seeds, variant: number) => {
        await pool.query("BEGIN");
        try {
          const data = dataFor(prisma, model, parents, variant, "all");
          const row = (await delegateOf(client, model)["create"]!({ data })) as Row;
          await pool.query("COMMIT");
          return row;
        } catch {
          await pool.query("ROLLBACK");
          return undefined;
        }
      };
      const first = async () => (await delegateOf(client, model)["findFirst"]!({})) as Row | null;
      const seed = (await create(seeds, 1)) ?? (await first()) ?? undefined;
      if (seed !== undefined) seeds.set(model.name, seed);
      // Refused where a parent has one child only: such rows are nobody's parents here.
      const spare = await create(seeds, 2);
      if (spare !== undefined) spares.set(model.name, spare);
    }
    return new PrismaOracle(prisma, pool, seeds, spares);
  }

  /** Runs what works before any change for the models, once. Nothing may be open. */
  async know(models: readonly Model[]): Promise<void> {
    for (const model of models) {
      if (this.#known.has(model.name)) continue;
      await this.#pool.query("BEGIN");
      const outcomes: (readonly [Scenario, Outcome])[] = [];
      for (const scenario of scenariosOf(this.#prisma, model, this.#seeds, this.#spares))
        outcomes.push([scenario, await this.#run(scenario)]);
      await this.#pool.query("ROLLBACK");
      this.#known.set(model.name, outcomes);
    }
  }

  /** Calls that worked before and fail now, or give something else. Runs inside the open transaction. */
  async broken(models: readonly Model[]): Promise<readonly string[]> {
    const found: string[] = [];
    for (const { name } of models)
      for (const [scenario, before] of this.#known.get(name)!) {
        if ("error" in before) continue;
        const difference = compare(before, await this.#run(scenario), scenario);
        if (difference !== undefined) found.push(`${scenario.name}: ${difference}`);
      }
    return found;
  }

  get working(): number {
    return [...this.#known.values()].flat().filter(([, outcome]) => "values" in outcome).length;
  }

  /** What never worked, with the reason. */
  get failing(): readonly string[] {
    return [...this.#known.values()]
      .flat()
      .flatMap(([{ name }, outcome]) => ("error" in outcome ? [`${name}: ${outcome.error}`] : []));
  }

  async #run({ run }: Scenario): Promise<Outcome> {
    await this.#pool.query("SAVEPOINT scenario");
    try {
      return { values: flat(await run(this.#prisma.client)) };
    } catch (error) {
      return { error: (error as Error).message.split("\n").filter(Boolean).slice(-2).join(" ") };
    } finally {
      await this.#pool.query("ROLLBACK TO SAVEPOINT scenario; RELEASE SAVEPOINT scenario");
    }
  }
}

/** Parents first. */
function inOrder(models: readonly Model[]): readonly Model[] {
  const done = new Set<Model>();
  const visit = (model: Model) => {
    if (done.has(model)) return;
    done.add(model);
  };
  for (let before = -1; before !== done.size;) {
    before = done.size;
    for (const model of models)
      if (
        relations(model).every(
          ({ relationFromFields = [], type }) =>
            relationFromFields.length === 0 ||
            type === model.name ||
            [...done].some(({ name }) => name === type),
        )
      )
        visit(model);
  }
  return [...done];
}

/** The values of a result by their paths, with the kind that the application meets. */
function flat(
  value: unknown,
  path = "",
  into = new Map<string, readonly [string, string]>(),
): ReadonlyMap<string, readonly [string, string]> {
  const kind = kindOf(value);
  if (kind === "object")
    for (const [name, one] of Object.entries(value as object))
      flat(one, path === "" ? name : `${path}.${name}`, into);
  else if (kind === "array" && (value as unknown[]).some((one) => kindOf(one) === "object"))
    flat((value as unknown[])[0], path, into);
  else into.set(path, [kind, textOf(value)]);
  return into;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (value instanceof Date) return "date";
  if (value instanceof Uint8Array) return "bytes";
  if (Array.isArray(value)) return "array";
  if (typeof value !== "object") return typeof value;
  return "toFixed" in value ? "decimal" : "object";
}

function textOf(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (Array.isArray(value)) return `[${value.map(textOf).join()}]`;
  return String(value);
}

function compare(before: Outcome, now: Outcome, { volatile }: Scenario): string | undefined {
  if ("error" in now) return now.error;
  if ("error" in before) return undefined;
  for (const [path, [kind, text]] of before.values) {
    const other = now.values.get(path);
    if (other === undefined) return `${path} is not there`;
    const name = path.split(".").at(-1)!;
    const free = volatile.has(name) || path.includes(".");
    if (other[0] !== kind && !(free && (kind === "null" || other[0] === "null")))
      return `${path} is ${other[0]} (${other[1]}), not ${kind}`;
    if (!free && other[1].trimEnd() !== text.trimEnd())
      return `${path} is ${other[1]}, not ${text}`;
  }
  return undefined;
}
