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
  readQueryFiles,
  type AskedQueries,
  type FiledQuery,
} from "../contract/index.ts";
import { runGate } from "../gate/index.ts";
import { Session } from "../pg/index.ts";
import { brokenFindings, unmadeFindings } from "./agreement-findings.ts";
import { filesNamed } from "./paths.ts";

type RecordedStatements = NonNullable<CheckRequest["statements"]>;
type Finding = ReturnType<typeof brokenFindings>[number];

/** What was asked of one scratch database. */
interface Answers {
  /** Before the first checked files. */
  first: AskedQueries;
  /** Texts that it took at one time or another. */
  readonly taken: Set<string>;
  readonly broken: BrokenNeed[];
}

/** The code's recorded statements during a check: what checked files take from them, and what no migration makes. */
export class CheckedStatements implements RecordedStatements {
  readonly file: string;
  readonly #loaded: LoadedConfig;
  readonly #cwd: string;
  #queries: Promise<readonly FiledQuery[]> | undefined;
  /** By the URL of the database. */
  readonly #answers = new Map<string, Answers>();

  /** @param file the first of the config's names, as it is shown */
  constructor(loaded: LoadedConfig, cwd: string, file: string) {
    this.#loaded = loaded;
    this.#cwd = cwd;
    this.file = file;
  }

  async before({ url }: { readonly url: string }): ReturnType<RecordedStatements["before"]> {
    const asked = await this.#ask(url);
    const known = this.#answers.get(url);
    const answers: Answers = known ?? { first: asked, taken: new Set(), broken: [] };
    this.#answers.set(url, answers);
    for (const { sql } of asked.contract.queries ?? []) answers.taken.add(sql);
    return async (ran) => {
      await using session = await openOn(url);
      const told = new Set(answers.broken.map(nameOf));
      const broken = (await brokenNeeds(asked, session, ran)).filter(
        (one) => !told.has(nameOf(one)),
      );
      answers.broken.push(...broken);
      return brokenFindings(broken, ran.at(0)?.file ?? this.file);
    };
  }

  /**
   * Sets the statements beside the catalogs that were compared.
   * @param url of the database that has all migrations
   */
  async added(
    agreement: Agreement,
    { url, planned }: { readonly url: string; readonly planned: ReadonlyMap<string, string> },
  ): Promise<{ readonly agreement: Agreement; readonly findings: readonly Finding[] }> {
    const known = this.#answers.get(url);
    // What was taken before is told where a migration breaks it.
    const end = await this.#ask(url, ({ sql }) => known?.taken.has(sql) !== true);
    const { first, broken } = known ?? { first: end, broken: [] };
    const unmade = end.refused;
    const places = placesIn(first);
    return {
      agreement: withStatements(agreement, {
        file: this.file,
        broken,
        unmade,
        usedAt: (object) => places.get(object),
        isPlanned: (by) => by !== undefined && planned.has(by.replace(/:\d+$/, "")),
      }),
      findings: unmadeFindings(unmade),
    };
  }

  /** Objects without which statements fail on a database. */
  async failingIn(
    database: Session,
    { url }: { readonly url: string },
  ): Promise<readonly string[]> {
    const { contract } = this.#answers.get(url)?.first ?? (await this.#ask(url));
    const { differences } = await runGate({ contract, database, environment: "check" });
    return differences.flatMap(({ severity, object }) => (severity === "error" ? [object] : []));
  }

  async #ask(
    url: string,
    isAsked: (query: FiledQuery) => boolean = () => true,
  ): Promise<AskedQueries> {
    const queries = await (this.#queries ??= this.#read());
    await using session = await openOn(url);
    return await askQueries(queries.filter(isAsked), session, "check");
  }

  /** Places are shown from the working folder, as migrations are. */
  async #read(): Promise<readonly FiledQuery[]> {
    const { folder, config } = this.#loaded;
    const files = await filesNamed(config.contract!.queries!, folder, "contract.queries");
    const shown = (place: string) => relative(this.#cwd, resolve(folder, place)) || place;
    const queries = await readQueryFiles(files, folder);
    return queries.map((one) => ({ ...one, from: one.from.map(shown) }));
  }
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
