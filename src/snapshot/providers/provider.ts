import type { SnapshotSettings } from "../model.ts";

/** How far a provider's snapshot is. */
export interface Progress {
  readonly state: "pending" | "ready" | "failed";
  /** In the provider's words. */
  readonly detail: string;
}

/** A provider's snapshots, made and looked at by its own command line: one file each. Answers are JSON. */
export interface Provider {
  /** Of the settings. */
  readonly needs: readonly ("instance" | "project")[];
  readonly program: string;
  readonly install: string;
  /** Arguments that begin a snapshot of this name. */
  create(settings: SnapshotSettings, name: string): readonly string[];
  /** By what it is asked for from then on; undefined when the answer does not have it. */
  idOf(answer: unknown, name: string): string | undefined;
  /** Arguments that ask how far it is. */
  look(settings: SnapshotSettings, id: string): readonly string[];
  progressOf(answer: unknown, id: string): Progress | undefined;
  /** How it is brought back, and what of that is not as one may think. */
  restore(settings: SnapshotSettings, id: string): string;
  readonly notKnown: readonly string[];
}

/** What is at a path of an answer; undefined when something else is there. */
export function textAt(answer: unknown, ...path: readonly (string | number)[]): string | undefined {
  const found = path.reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null
        ? (value as Record<string | number, unknown>)[key]
        : undefined,
    answer,
  );
  return typeof found === "string" || typeof found === "number" ? String(found) : undefined;
}
