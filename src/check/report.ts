import type {
  Break,
  Effect,
  Failure,
  HeldLock,
  LockMode,
  RelationKind,
  RelationRole,
  TransactionMode,
  Work,
} from "../effects/index.ts";
import type { Agreement } from "../agreement/index.ts";
import type { QualifiedName } from "../catalog/index.ts";
import type { Finding, SuppressedFinding } from "../rules/index.ts";

/** What a check found. `docs/check.md` describes its JSON; members may be added, none is taken away. */
export interface CheckReport {
  readonly version: 1;
  /** The working folder from the root of the checkout, `.` at the root and outside one. Files are relative to it. */
  readonly workingFolder: string;
  readonly server: CheckServer;
  readonly selection: Selection;
  /** Undefined when the pipeline was not looked at. */
  readonly pipeline?: PipelineSummary;
  /** Code, migrations and database side by side; undefined when they were not compared. */
  readonly agreement?: Agreement;
  /** Checked files, in the order in which they are run. */
  readonly files: readonly FileReport[];
  /** By file, then line. */
  readonly findings: readonly Finding[];
  readonly suppressed: readonly SuppressedFinding[];
  readonly notes: readonly Note[];
  readonly summary: Summary;
}

export interface CheckServer {
  readonly major: number;
  /** True when statements were run on scratch, false when all was predicted. */
  readonly observed: boolean;
  /** Full version of the scratch server, e.g. `18.4`. */
  readonly version?: string;
  /** What says that it is this major, where nobody asked for it. */
  readonly majorBecause?: string;
}

/** What was read of the repository's pipeline. */
export interface PipelineSummary {
  readonly files: number;
  /** Steps that migrate, deploy or record. */
  readonly steps: number;
}

/** Which files were checked, and by which rule they were chosen. */
export interface Selection {
  /**
   * - `given`: they were named.
   * - `pending`: the database's ledger does not have them.
   * - `changed`: they are new or changed since a commit.
   * - `all`: every migration of the folder.
   * - `none`: there is no folder of migrations.
   */
  readonly by: "given" | "pending" | "changed" | "all" | "none";
  /** The rule in words, e.g. `new since main (3f2c1a9)`. */
  readonly because: string;
  /** The migrations folder, relative to the working folder; undefined for loose files. The first of several. */
  readonly folder: string | undefined;
  /** Migrations before the first checked file, in all folders. */
  readonly history: number;
  /** How files are sent that say nothing themselves; in the first of several folders. */
  readonly transaction: TransactionMode;
  /** Each folder in which something is checked, or the loose files. */
  readonly places: readonly PlaceReport[];
}

/** A folder of migrations, or the loose files, and how they are sent. */
export interface PlaceReport {
  /** Relative to the working folder; undefined for loose files. */
  readonly folder: string | undefined;
  /** The tool that applies them, e.g. `prisma`; undefined when it is not known. */
  readonly tool: string | undefined;
  /** Migrations before the first checked file. */
  readonly history: number;
  /** How files are sent that say nothing themselves. */
  readonly transaction: TransactionMode;
  /**
   * - `asked`: an option or the config says so.
   * - `tool`: the folder's tool does so.
   * - `runner`: Lockstep's own runner does so.
   * - `assumed`: nothing says it.
   */
  readonly transactionBy: "asked" | "tool" | "runner" | "assumed";
}

/** One checked file. */
export interface FileReport {
  readonly file: string;
  /** How it reaches the server. */
  readonly transaction: TransactionMode;
  readonly statements: readonly StatementReport[];
}

export interface StatementReport {
  /** 1-based. */
  readonly line: number;
  /** 1-based, as in findings: several statements may stand on one line. */
  readonly column: number;
  readonly sql: string;
  readonly effect: EffectReport;
  readonly source: "observed" | "predicted";
}

/** An effect in the form that scripts read. */
export interface EffectReport {
  /** Strongest lock per relation that existed before the file, taken by this statement itself. */
  readonly locks: readonly {
    readonly relation: QualifiedName;
    readonly mode: LockMode;
    readonly kind: RelationKind;
    readonly role: RelationRole;
  }[];
  /** Locks still held from earlier statements of the transaction. */
  readonly held: readonly Pick<HeldLock, "relation" | "mode" | "file" | "line">[];
  /** Tables and indexes that are given new storage. */
  readonly rewrites: readonly QualifiedName[];
  /** Tables that are read in full while the locks are held: to check, to rewrite, or to build an index. */
  readonly scans: readonly QualifiedName[];
  readonly work: readonly Work[];
  readonly failures: readonly Failure[];
  readonly breaks: readonly Break[];
  readonly unknown: readonly string[];
}

/** Something about the check itself that its reader should know. */
export interface Note {
  readonly kind:
    /** The prediction was not what was then observed: a bug in Lockstep, and the observed facts count. */
    | "prediction-differs"
    /** Why statements were predicted although a server was wanted. */
    | "not-observed"
    /** Why the tool of a folder would not run all of it. */
    | "folder"
    /** What could not be looked at. */
    | "skipped"
    /** What `--fix` or `--write-baseline` did. */
    | "written";
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
}

export interface Summary {
  readonly errors: number;
  readonly warnings: number;
  readonly infos: number;
}

/** How many findings there are of each severity. */
export function summaryOf(findings: readonly Finding[]): Summary {
  const count = (severity: Finding["severity"]) =>
    findings.filter((finding) => finding.severity === severity).length;
  return { errors: count("error"), warnings: count("warning"), infos: count("info") };
}

/** An effect as scripts read it. */
export function effectReport(effect: Effect, held: readonly HeldLock[]): EffectReport {
  const { locks, work, failures, breaks, unknown } = effect;
  const { rewrites, scans } = work.length === 0 ? noStorage : storageOf(effect);
  return {
    locks: locks.map(({ relation, mode, kind, role }) => ({ relation, mode, kind, role })),
    held: held.map(({ relation, mode, file, line }) => ({ relation, mode, file, line })),
    rewrites,
    scans,
    work,
    failures,
    breaks,
    unknown,
  };
}

const noStorage = { rewrites: [], scans: [] } as const;

/** Relations that are written again, and read in full, each once. */
function storageOf({ locks, work }: Effect): Pick<EffectReport, "rewrites" | "scans"> {
  const indexes = new Set(
    locks.filter(({ kind }) => kind.endsWith("index")).map(({ relation }) => relation),
  );
  const rewrites = new Set<QualifiedName>();
  const scans = new Set<QualifiedName>();
  for (const one of work)
    if (one.kind === "rewrite") {
      rewrites.add(one.relation);
      if (one.emptied !== true && !indexes.has(one.relation)) scans.add(one.relation);
    } else if (one.kind === "index-build") {
      if (one.again && one.index !== undefined) rewrites.add(one.index);
      scans.add(one.relation);
    } else if (one.kind !== "row-change") scans.add(one.relation);
  return { rewrites: [...rewrites].toSorted(), scans: [...scans].toSorted() };
}
