import { relative, resolve } from "node:path";
import {
  brokenNeeds,
  withStatements,
  type Agreement,
  type BrokenNeed,
} from "../agreement/index.ts";
import type { CheckRequest } from "../check/index.ts";
import type { LoadedConfig } from "../config/index.ts";
import {
  askQueries,
  keptOrAsked,
  readQueryFiles,
  type AskedQueries,
  type FiledQuery,
  type RefusedQuery,
} from "../contract/index.ts";
import { runGate } from "../gate/index.ts";
import { Session } from "../pg/index.ts";
import { alongPlanFindings, brokenFindings, unmadeFindings } from "./agreement-findings.ts";
import type { Context } from "./context.ts";
import { filesNamed } from "./paths.ts";

type CarriedPlan = Parameters<RecordedStatements["alongPlan"]>[0];
type RecordedStatements = NonNullable<CheckRequest["statements"]>;
type Database = Pick<Parameters<RecordedStatements["before"]>[0], "url" | "made">;
type Finding = ReturnType<typeof brokenFindings>[number];

/** What was asked of one scratch database. */
interface Answers {
  /** Before the first checked files. */
  readonly first: AskedQueries;
  /** Texts that it took at one time or another. */
  readonly taken: Set<string>;
  readonly broken: BrokenNeed[];
}

/** The code's recorded statements during a check: what checked files take from them, and what no migration makes. */
export class CheckedStatements implements RecordedStatements {
  readonly file: string;
  readonly #loaded: LoadedConfig;
  readonly #context: Context;
  #queries: Promise<readonly FiledQuery[]> | undefined;
  /** By the URL of the database. */
  readonly #answers = new Map<string, Answers>();

  /** @param file the first of the config's names, as it is shown */
  constructor(loaded: LoadedConfig, context: Context, file: string) {
    this.#loaded = loaded;
    this.#context = context;
    this.file = file;
  }

  async before(
    database: Parameters<RecordedStatements["before"]>[0],
  ): ReturnType<RecordedStatements["before"]> {
    const { url, planned } = database;
    const known = this.#answers.get(url);
    const answers = known ?? (await this.#first(database));
    const asked =
      known === undefined ? answers.first : await this.#ask(database, await this.#read());
    for (const { sql } of asked.taken) answers.taken.add(sql);
    return async (ran) => {
      await using session = await openOn(url);
      const told = new Set(answers.broken.map(nameOf));
      const broken = (await brokenNeeds(asked, session, ran)).filter(
        (one) => !told.has(nameOf(one)),
      );
      answers.broken.push(...broken);
      // What no plan carries is the more likely to have done it.
      const first = ran.find(({ file }) => !planned.has(file)) ?? ran.at(0);
      return brokenFindings(broken, first?.file ?? this.file, (by) => planOf(by, planned));
    };
  }

  async alongPlan({ path, url, toBoth, toEnd }: CarriedPlan): Promise<readonly Finding[]> {
    const queries = await this.#read();
    await using session = await openOn(url);
    const asked = await askQueries(queries, session, "check");
    await toBoth();
    const broken = await brokenNeeds(asked, session, []);
    const refused = await refusedNow(asked.refused, session);
    await toEnd();
    // What goes only at the end waits for it; what never goes no migration makes.
    const never = new Set((await refusedNow(refused, session)).map(({ sql }) => sql));
    const waiting = refused.filter(({ sql }) => !never.has(sql));
    return alongPlanFindings(path, broken, waiting);
  }

  /**
   * Sets the statements beside the catalogs that were compared.
   * @param migrated the database that has all migrations, with the files that a proven plan carries
   */
  async added(
    agreement: Agreement,
    migrated: Database & { readonly planned: ReadonlyMap<string, string> },
  ): Promise<{ readonly agreement: Agreement; readonly findings: readonly Finding[] }> {
    const { url, planned } = migrated;
    const { first, broken, taken } = this.#answers.get(url) ?? (await this.#first(migrated));
    // What was taken before is told where a migration breaks it.
    const others = (await this.#read()).filter(({ sql }) => !taken.has(sql));
    const unmade = others.length === 0 ? [] : (await this.#ask(migrated, others)).refused;
    const places = placesIn(first);
    return {
      agreement: withStatements(agreement, {
        file: this.file,
        broken,
        unmade,
        usedAt: (object) => places.get(object),
        planOf: (by) => planOf(by, planned),
      }),
      findings: unmadeFindings(unmade),
    };
  }

  /** Objects without which statements fail on a database. */
  async failingIn(database: Session, migrated: Database): Promise<readonly string[]> {
    const { first } = this.#answers.get(migrated.url) ?? (await this.#first(migrated));
    const { contract } = first;
    const { differences } = await runGate({ contract, database, environment: "check" });
    return differences.flatMap(({ severity, object }) => (severity === "error" ? [object] : []));
  }

  /** Asks a database for the first time. */
  async #first(database: Database): Promise<Answers> {
    const first = await this.#ask(database, await this.#read());
    const taken = new Set(first.taken.map(({ sql }) => sql));
    const answers: Answers = { first, taken, broken: [] };
    this.#answers.set(database.url, answers);
    return answers;
  }

  async #ask({ url, made }: Database, queries: readonly FiledQuery[]): Promise<AskedQueries> {
    const { build, env } = this.#context;
    return keptOrAsked(
      queries,
      made,
      build === undefined ? undefined : { build, env },
      async () => {
        await using session = await openOn(url);
        return await askQueries(queries, session, "check");
      },
    );
  }

  async #read(): Promise<readonly FiledQuery[]> {
    return await (this.#queries ??= this.#readFiles());
  }

  /** Places are shown from the working folder, as migrations are. */
  async #readFiles(): Promise<readonly FiledQuery[]> {
    const { folder, config } = this.#loaded;
    const files = await filesNamed(config.contract!.queries!, folder, "contract.queries");
    const shown = (place: string) => relative(this.#context.cwd, resolve(folder, place)) || place;
    const queries = await readQueryFiles(files, folder);
    return queries.map((one) => ({ ...one, from: one.from.map(shown) }));
  }
}

/** Folder of the proven plan that carries the migration of a `file:line`. */
function planOf(by: string | undefined, planned: ReadonlyMap<string, string>): string | undefined {
  return by === undefined ? undefined : planned.get(by.replace(/:\d+$/, ""));
}

async function refusedNow(
  queries: readonly FiledQuery[],
  session: Session,
): Promise<readonly RefusedQuery[]> {
  if (queries.length === 0) return [];
  const plain = queries.map(({ sql, types, from }): FiledQuery => ({ sql, types, from }));
  return (await askQueries(plain, session, "check")).refused;
}

/** An earlier file may have broken it already. */
function nameOf({ difference: { kind, object, from } }: BrokenNeed): string {
  return `${kind} ${object} ${from}`;
}

async function openOn(url: string): Promise<Session> {
  return Session.open({ url, applicationName: "lockstep/check" });
}

/** Where the code first uses an object, by its name. */
function placesIn({ contract }: AskedQueries): ReadonlyMap<string, string> {
  const places = new Map<string, string>();
  for (const { uses, from } of contract.queries ?? [])
    for (const use of uses) if (from !== undefined && !places.has(use)) places.set(use, from);
  return places;
}
