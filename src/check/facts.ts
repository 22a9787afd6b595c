import type { SourcedEffect, TransactionMode, World } from "../effects/index.ts";
import type { EffectQuestion } from "../rules/index.ts";
import type { Scratch } from "../scratch/index.ts";
import type { Statement } from "../sql/index.ts";
import type { ParsedFile } from "./parse.ts";
import type { CheckServer, Note } from "./report.ts";
import type { SourceFile } from "./source-file.ts";

/** Where the facts of a check come from: a scratch server that runs everything, or the parse trees alone. */
export interface Facts extends AsyncDisposable {
  readonly server: CheckServer;
  /** What there is to say about the facts themselves; grows while they are asked. */
  readonly notes: readonly Note[];
  /** The catalog before the first file. Files change it in place, or give another one back. */
  readonly world: World;
  /** Files that are sent in one transaction, all of them, before the first is started. */
  startDeploy(files: readonly DeployedFile[]): Promise<void>;
  startFile(file: string, parsed: ParsedFile, transaction: TransactionMode): Promise<void>;
  effectOf(question: EffectQuestion): SourcedEffect | Promise<SourcedEffect>;
  /** Ends a checked file. Takes the catalog that was folded on the way, gives the one to go on with. */
  endFile(parsed: ParsedFile, folded: World): Promise<World>;
  /** Applies a file that is not checked. */
  apply(source: SourceFile, world: World): Promise<World>;
  /** Where everything was run; undefined when nothing was. */
  readonly database: ScratchDatabase | undefined;
}

export interface DeployedFile {
  readonly file: string;
  readonly statements: readonly Statement[];
}

export interface ScratchDatabase {
  readonly url: string;
  readonly scratch: Scratch;
  /**
   * A key for everything that made it what it is: equal keys, equal databases. Undefined on a server that was given by URL, and
   * once a file was run on it.
   */
  readonly made: string | undefined;
}
