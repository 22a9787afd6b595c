import type { Action } from "./expand.ts";
import type { SourceFile, Span } from "./text/source-file.ts";

/** Where something runs, and from what that is known. */
export interface Environment {
  /** `test`: a database that lives as long as the job; `lower`: staging, preview and the like. */
  readonly kind: "production" | "lower" | "test" | "unknown";
  /** Names the word or the setting that says so. */
  readonly because: string;
}

/** Files whose change decides whether something runs. */
export interface ChangeFilter {
  readonly span: Span;
  /** The keyword, as the file writes it. */
  readonly keyword: string;
  /** Globs; it runs when a changed file fits one. `undefined`: they are computed. */
  readonly patterns: readonly string[] | undefined;
  /** Globs; it does not run when every changed file fits one. */
  readonly ignored: readonly string[];
}

export interface Condition {
  readonly text: string;
  readonly span: Span;
}

export interface Step {
  readonly name: string;
  readonly span: Span;
  readonly condition: Condition | undefined;
  /** It runs although an earlier step failed: `if: always()`, `after_script`. */
  readonly regardless: boolean;
  readonly actions: readonly Action[];
  /** Commands that speak of migrations and that are not understood. */
  readonly mentions: readonly Span[];
}

/** What keeps two runs of a job apart. */
export interface Turns {
  readonly span: Span;
  /** The place that says that a newer run ends a running one. */
  readonly cancels: Span | undefined;
}

export interface Job {
  readonly id: string;
  readonly span: Span;
  /** Ids of jobs that must have ended well before it starts. */
  readonly needs: readonly string[];
  readonly environment: Environment;
  readonly condition: Condition | undefined;
  readonly regardless: boolean;
  readonly changes: ChangeFilter | undefined;
  readonly turns: Turns | undefined;
  readonly databaseService: boolean;
  readonly steps: readonly Step[];
}

export interface Replicas {
  readonly count: number | "autoscaled";
  readonly span: Span;
}

/**
 * One thing that runs commands. `ci`: a workflow; `script`: a deploy script that nothing in the repository calls; `release`: once before new code starts; `build`: a platform's
 * build; `start`: each time that an instance starts.
 */
export interface Pipeline {
  readonly role: "ci" | "script" | "release" | "build" | "start";
  /** `workflow`, `GitLab pipeline`, `Dockerfile`, … */
  readonly what: string;
  readonly file: SourceFile;
  readonly name: string;
  /** Words of the triggers: `push to main`. */
  readonly trigger: string;
  readonly jobs: readonly Job[];
  readonly changes: ChangeFilter | undefined;
  /** Of a `release`: what says that it runs when the new instances are there already. */
  readonly behind: Condition | undefined;
  /** Of a `start`: how many instances there are, when a file says so. */
  readonly replicas: Replicas | undefined;
}
