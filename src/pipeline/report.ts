import type { Finding } from "../rules/index.ts";

/** A file that was read, and as what. */
export interface ReadFile {
  readonly file: string;
  /** `workflow`, `script`, `Dockerfile`, `package.json`, … */
  readonly what: string;
}

/** One sentence on something that was read and not understood; nothing is claimed about it. */
export interface PipelineNote {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly text: string;
}

/** Something that applies the schema or ships code, and where. */
export interface UnderstoodStep {
  readonly kind: "migrate" | "push" | "deploy" | "record";
  /** As a person writes the command. */
  readonly tool: string;
  readonly file: string;
  readonly line: number;
  readonly environment: "production" | "lower" | "test" | "unknown";
  /** How the environment is known. */
  readonly because: string;
}

export interface PipelineReport {
  /** By file, then line. */
  readonly findings: readonly Finding[];
  readonly read: readonly ReadFile[];
  readonly steps: readonly UnderstoodStep[];
  readonly notes: readonly PipelineNote[];
}
