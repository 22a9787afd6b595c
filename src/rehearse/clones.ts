import { adoptSettings, scratchSettings } from "../check/index.ts";
import {
  fillClone,
  type AssumedKey,
  type CloneProgress,
  type FilledClone,
} from "../clone/index.ts";
import { Session } from "../pg/index.ts";
import { markApplied } from "../runner/index.ts";
import type { Scratch, ScratchDatabase } from "../scratch/index.ts";
import { copySanitised } from "../sanitise/index.ts";
import { forScratch, type Migration } from "../tools/index.ts";
import { observedEffects, type Observed } from "./observed-effects.ts";
import type { SanitisedRows } from "./model.ts";
import type { RehearseRequest, SanitiseFrom } from "./request.ts";
import { scaleCheckpoints, scaleSettings } from "./scale-settings.ts";

/** Rows of one size, and as many databases that hold them as are wanted. */
export interface Sized {
  readonly clone: FilledClone;
  /** With rows of the source itself. */
  readonly sanitised?: SanitisedRows;
  /** A database of its own with these rows; the caller drops it. */
  readonly copy: () => Promise<ScratchDatabase>;
  readonly drop: () => Promise<void>;
}

/** Databases with the schema of the applied migrations, on scratch. */
export class Clones {
  readonly #request: RehearseRequest;
  readonly #scratch: Scratch;
  readonly #history: string;
  readonly #assumed: readonly AssumedKey[];

  /**
   * @param history template that holds the applied migrations
   * @param assumed foreign keys that rows obey although the schema has them not yet
   */
  constructor(
    request: RehearseRequest,
    scratch: Scratch,
    history: string,
    assumed: readonly AssumedKey[],
  ) {
    this.#request = request;
    this.#scratch = scratch;
    this.#history = history;
    this.#assumed = assumed;
  }

  /** What each statement does, observed on a copy with few rows. */
  async effects(migrations: readonly Migration[]): Promise<ReadonlyMap<string, Observed>> {
    const database = await this.#scratch.createDatabase({ template: this.#history });
    try {
      await this.#adopt(database.url);
      return await observedEffects(database.url, migrations);
    } finally {
      await database.drop();
    }
  }

  /** Makes the rows of one size, or copies those of the source. */
  async sized(scale: number): Promise<Sized> {
    const { statistics, seed, folder, applied, sanitise, signal } = this.#request;
    await scaleCheckpoints(this.#scratch, statistics.server, undefined);
    const database = await this.#scratch.createDatabase({ template: this.#history });
    await this.#adopt(database.url);
    const onProgress = (progress: CloneProgress) =>
      this.#request.onProgress?.(progressLine(scale, progress));
    const { clone, ...rows } =
      sanitise === undefined
        ? {
            clone: await this.#filled(database.url, {
              statistics,
              scale,
              seed,
              assumed: this.#assumed,
              onProgress,
              signal,
            }),
          }
        : await copied(database.url, sanitise, { onProgress, signal });
    await markApplied({
      url: database.url,
      folder: forScratch(folder),
      migrations: applied,
      reason: "the source has it",
      verify: async () => {},
      emit: () => {},
      signal,
      options: { command: "rehearse" },
    });
    await scaleCheckpoints(this.#scratch, statistics.server, scale);
    return {
      clone,
      ...rows,
      copy: async () => {
        const copy = await this.#scratch.createDatabase({ template: database.name });
        await this.#adopt(copy.url);
        await scaleSettings(copy.url, scale);
        return copy;
      },
      drop: async () => database.drop(),
    };
  }

  async #filled(
    url: string,
    request: Omit<Parameters<typeof fillClone>[0], "session">,
  ): Promise<FilledClone> {
    await using session = await Session.open({ url, applicationName: "lockstep/rehearse clone" });
    return await fillClone({ ...request, session });
  }

  async #adopt(url: string): Promise<void> {
    await adoptSettings(url, scratchSettings(this.#request.statistics.settings ?? {}));
  }
}

async function copied(
  targetUrl: string,
  { url, rules, key }: SanitiseFrom,
  run: Pick<Parameters<typeof copySanitised>[0], "onProgress" | "signal">,
): Promise<Pick<Sized, "clone"> & { readonly sanitised: SanitisedRows }> {
  const { clone, ...sanitised } = await copySanitised({
    sourceUrl: url,
    targetUrl,
    rules,
    key,
    ...run,
  });
  return { clone, sanitised };
}

function progressLine(
  scale: number,
  { relation, number, of, rows, wanted }: CloneProgress,
): string {
  return `scale ${scale}: ${number} of ${of} tables, ${relation} ${rows} of ${wanted} rows`;
}
