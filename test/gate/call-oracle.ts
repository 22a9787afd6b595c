import type { Client, Pool } from "pg";

/** Calls of an ORM that belong together; what the last one gives back counts. */
export interface Scenario {
  readonly name: string;
  readonly run: () => Promise<unknown>;
  /** Fields whose values are not the code's affair: the database or the clock makes them up, or they stood there before. */
  readonly volatile: ReadonlySet<string>;
}

type Outcome =
  | { readonly error: string }
  | { readonly values: ReadonlyMap<string, readonly [kind: string, text: string]> };

/**
 * Tells whether code written with an ORM really breaks: it makes the ORM's calls and compares what they give with what they
 * gave before. It knows nothing of catalogs.
 */
export class CallOracle<Model extends { readonly name: string }> {
  readonly #connection: Client | Pool;
  readonly #scenariosOf: (model: Model) => readonly Scenario[];
  readonly #known = new Map<string, readonly (readonly [Scenario, Outcome])[]>();

  constructor(connection: Client | Pool, scenariosOf: (model: Model) => readonly Scenario[]) {
    this.#connection = connection;
    this.#scenariosOf = scenariosOf;
  }

  /** Runs what works before any change for the models, once. Nothing may be open. */
  async know(models: readonly Model[]): Promise<void> {
    for (const model of models) {
      if (this.#known.has(model.name)) continue;
      await this.#connection.query("BEGIN");
      const outcomes: (readonly [Scenario, Outcome])[] = [];
      for (const scenario of this.#scenariosOf(model))
        outcomes.push([scenario, await this.#run(scenario)]);
      await this.#connection.query("ROLLBACK");
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
    await this.#connection.query("SAVEPOINT scenario");
    try {
      return { values: flat(await run()) };
    } catch (error) {
      return { error: (error as Error).message.split("\n").filter(Boolean).slice(-2).join(" ") };
    } finally {
      await this.#connection.query("ROLLBACK TO SAVEPOINT scenario; RELEASE SAVEPOINT scenario");
    }
  }
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
