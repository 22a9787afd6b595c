/** What a replay tells while it runs. Whoever listens draws it; replays never print. */
export type Narration =
  /** A part of the story begins. */
  | { readonly kind: "scene"; readonly text: string }
  /** One sentence of the story. */
  | { readonly kind: "say"; readonly text: string }
  /** What somebody typed, or a line of the pipeline's script. */
  | { readonly kind: "command"; readonly text: string }
  /** A line that a program printed. */
  | { readonly kind: "output"; readonly by: "pipeline" | "lockstep"; readonly text: string }
  /** A running figure; the next one takes its place. */
  | { readonly kind: "progress"; readonly text: string }
  /** What was seen in the end, measured. */
  | { readonly kind: "seen"; readonly good: boolean; readonly text: string };

export type Narrate = (event: Narration) => void;

/** Something the story needs to be true, and whether it was. */
export interface Expectation {
  readonly what: string;
  readonly holds: boolean;
}

export function expectation(what: string, holds: boolean): Expectation {
  return { what, holds };
}

/** One half of a replay: what was done, what was measured, and a line for the table at the end. */
export interface Half<Numbers> {
  readonly steps: readonly string[];
  readonly observed: Numbers;
  readonly summary: string;
}

export interface Replay<Naive, Lockstep> {
  readonly naive: Half<Naive>;
  readonly lockstep: Half<Lockstep>;
  /** Expectations of both halves; the replay behaved as told when all of them hold. */
  readonly expectations: readonly Expectation[];
}

/** Notes the commands that pass by, so that a half can tell its steps. */
export function noteSteps(narrate: Narrate): { narrate: Narrate; steps: readonly string[] } {
  const steps: string[] = [];
  return {
    steps,
    narrate(event) {
      if (event.kind === "command") steps.push(event.text);
      narrate(event);
    },
  };
}

/** 850 → "850 ms", 2_340 → "2.3 s". */
export function inWords(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
