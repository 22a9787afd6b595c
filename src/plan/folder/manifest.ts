import type { PartialCatalog } from "../../catalog/index.ts";
import { LockstepError } from "../../errors/index.ts";
import type { Exemption } from "../model.ts";
import type { Proof } from "../prove/proof.ts";

/** `plan.json`: what a plan was made for, and what was proven of it. Only grows. */
export interface Manifest {
  readonly version: 1;
  /** Identifier, the folder's name. */
  readonly id: string;
  readonly migration: {
    /** As the migration tool knows it; null for a file that belongs to no folder. */
    readonly id: string | null;
    /** Relative to the working folder. */
    readonly file: string;
    /** sha256 of its bytes. */
    readonly checksum: string;
  };
  /** Major version that it was made and proven on. */
  readonly major: number;
  readonly searchPath: readonly string[];
  /** The tables that it touches as they were when it was made: another start is refused with the difference. */
  readonly start: PartialCatalog<"tables">;
  readonly notes: readonly string[];
  readonly remains: readonly string[];
  /** What the notes say, as a proof reads it; absent in manifests of before there was any. */
  readonly exemptions?: readonly Exemption[];
  /** sha256 over the files as Lockstep wrote them; absent in manifests of before, and until the first proof has ended. */
  readonly made?: string;
  readonly proof: ProvenFiles | null;
}

/** A proof holds for the files that it was made of. */
export interface ProvenFiles {
  /** sha256 over the texts of all files of the plan. */
  readonly files: string;
  readonly at: string;
  readonly result: Proof;
}

/** @throws LockstepError `plan-invalid` */
export function parseManifest(text: string, shown: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw broken(shown, (error as Error).message, error);
  }
  const { version, id, migration, start } = (value ?? {}) as Partial<Manifest>;
  if (typeof version !== "number") throw broken(shown, "it has no version");
  if (version !== 1)
    throw new LockstepError("plan-invalid", {
      what: `${shown} was written by a newer Lockstep`,
      expected: "version 1",
      found: `version ${version as number}`,
      from: shown,
      next: ["use that version of Lockstep, or make the plan again"],
    });
  if (typeof id !== "string" || !/^[a-z0-9_]+$/.test(id)) throw broken(shown, "it has no id");
  if (typeof migration?.checksum !== "string") throw broken(shown, "it names no migration");
  if (start?.tables === undefined) throw broken(shown, "it does not hold the tables' start");
  return value as Manifest;
}

function broken(from: string, found: string, cause?: unknown): LockstepError {
  return new LockstepError(
    "plan-invalid",
    {
      what: `${from} is not the manifest of a plan`,
      expected: "the file as `lockstep plan` wrote it",
      found,
      from,
      why: "it was edited by hand, or only half of a merge was taken",
      next: ["make the plan again: lockstep plan MIGRATION"],
    },
    { cause },
  );
}
