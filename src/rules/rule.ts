import type {
  ObjectIds,
  SessionProblem,
  SessionState,
  Sizes,
  SourcedEffect,
  TransactionMode,
  Work,
  World,
} from "../effects/index.ts";
import type { QualifiedName, Statement } from "../sql/index.ts";
import type { Finding, Severity, WayOut } from "./finding.ts";
import type { StatementSource } from "./fix-source.ts";

/** A statement with everything rules may look at. */
export interface CheckedStatement extends SourcedEffect {
  readonly file: string;
  readonly statement: Statement;
  /** The session just before the statement. */
  readonly session: SessionState;
}

/** Facts that hold for a whole check. */
export interface RuleContext {
  readonly major: number;
  readonly sizes: Sizes | undefined;
  /** True when what runs the migrations sets a lock timeout itself: Lockstep's runner does. */
  readonly runnerSetsTimeouts: boolean;
}

/** A statement at the moment it is about to run. */
export interface StatementInput extends CheckedStatement {
  readonly context: RuleContext;
  /** How the file reaches the server. */
  readonly transaction: TransactionMode;
  /** The catalog just before the statement; made when it is first asked for, so ask while the hook runs. */
  readonly world: World;
  /** The catalog just after it; the same as before when it fails. Read it at once: it is changed in place later. */
  readonly after: World;
  /** Ids of the relations that existed before the file began. */
  readonly existing: ObjectIds;
  /** The statements of the file before it. */
  readonly before: readonly CheckedStatement[];
  /** The statement's own text, to be reused in ways out. */
  readonly text: StatementSource;
}

/** What an earlier file of the same run locks so that reads or writes wait. */
export interface EarlierFile {
  readonly file: string;
  readonly locked: readonly QualifiedName[];
}

/** A file whose statements have all been seen. */
export interface FileInput {
  readonly context: RuleContext;
  readonly file: string;
  readonly text: string;
  readonly transaction: TransactionMode;
  readonly statements: readonly CheckedStatement[];
  readonly problems: readonly SessionProblem[];
  /** The catalog before the file. */
  readonly before: World;
  /** The catalog after the file. */
  readonly world: World;
  readonly existing: ObjectIds;
  /** The files that were checked before it in the same run, in their order. */
  readonly earlier: readonly EarlierFile[];
  /** Whether a file that takes it back stands beside it; undefined where the folder has none such. */
  readonly hasDown: boolean | undefined;
}

/** What a rule found; the rest of a Finding is filled in by `evaluateFile`. */
export interface Verdict {
  /** The statement it is about. */
  readonly at: CheckedStatement;
  /** The rule's own default when it is left out. */
  readonly severity?: Severity;
  readonly message: string;
  readonly why: string;
  readonly wayOut: WayOut;
  /**
   * For what a later file may still see to: asked once, with the catalog after the last file of the run. When it
   * answers true nothing is said. Look things up by name in it, ids may be others, and keep no catalog for it.
   */
  readonly settled?: Settled;
}

export type Settled = (last: World) => boolean;

/** A part of an effect. */
export type Axis = "breaks" | "failures" | "locks" | "unknown" | "work";

/** One rule: effects in, verdicts out. No rule tracks transactions, settings or the catalog by itself. */
export interface Rule {
  /** Also the name of its page, `docs/rules/<id>.md`, and of its cases, `test/rules/cases/<id>.sql`. */
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  /** `advice` is off until it is asked for. */
  readonly kind: "hazard" | "advice";
  /**
   * Rules that are silent about a statement when this one speaks about it, because they would name the same cause
   * again; `*` for all others.
   */
  readonly supersedes?: readonly string[];
  /**
   * Kinds of statements that it can say something about, all when they are left out. It is not asked about others, nor
   * about a file that has none of them.
   */
  readonly kinds?: readonly string[];
  /** The part of a statement's effect that it speaks of: where that is empty it is not asked either. */
  readonly axis?: Axis;
  /** Kinds of work in a statement's effect that it speaks of: where none is it is not asked either. */
  readonly work?: readonly Work["kind"][];
  readonly statement?: (input: StatementInput) => Iterable<Verdict>;
  readonly file?: (input: FileInput) => Iterable<Verdict>;
  /**
   * For a rule whose cause is the way in which all files are sent: what one finding says instead of those of several
   * files. See `gatherFindings`.
   */
  readonly together?: (
    first: Finding,
    others: readonly Finding[],
  ) => { readonly message: string; readonly instead: string };
}
