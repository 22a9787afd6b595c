import { afterAll, beforeAll, expect, vi } from "vitest";
import type { Half, Narration, Replay } from "../../examples/incidents/narration.ts";
import type { ReplayOptions } from "../../examples/incidents/stage.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";

export interface Theatre {
  /** Plays a replay to its end and gives it with what it told. */
  play<Naive extends object, Lockstep extends object>(
    replay: (options: ReplayOptions) => Promise<Replay<Naive, Lockstep>>,
    options?: Pick<ReplayOptions, "standIn">,
  ): Promise<{
    readonly naive: Naive;
    readonly lockstep: Lockstep;
    /** Lines that Lockstep printed, as they were told. */
    readonly said: readonly string[];
    readonly told: readonly Narration[];
  }>;
  /** Plays one half of a replay and gives what was observed. */
  playHalf<Observed extends object>(
    half: (options: ReplayOptions) => Promise<Half<Observed>>,
  ): Promise<Observed>;
}

/** One server for the replays of a file. A replay takes some ten seconds, and longer on a busy machine. */
export function openTheatre(always: Pick<ReplayOptions, "stack"> = {}): Theatre {
  vi.setConfig({ testTimeout: 180_000 });
  let server: Scratch | undefined;
  beforeAll(async () => {
    server = await startScratch();
  });
  afterAll(async () => server?.close());
  return {
    async play(replay, options) {
      const told: Narration[] = [];
      const { naive, lockstep, expectations } = await replay({
        ...always,
        ...options,
        server: server!,
        signal: new AbortController().signal,
        narrate: (event) => void told.push(event),
      });
      const said = told.flatMap((event) =>
        event.kind === "output" && event.by === "lockstep" ? [event.text] : [],
      );
      const untold = expectations.filter(({ holds }) => !holds).map(({ what }) => what);
      expect(untold, said.join("\n")).toEqual([]);
      return { naive: naive.observed, lockstep: lockstep.observed, said, told };
    },
    async playHalf(half) {
      const { observed } = await half({
        ...always,
        server: server!,
        signal: new AbortController().signal,
        narrate: () => {},
      });
      return observed;
    },
  };
}
