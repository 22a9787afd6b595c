/**
 * A contract as it is read here: the artefact of `lockstep contract build`, imported as JSON. Only what the check
 * needs is named, and loosely, so that an imported JSON file fits the type.
 */
export interface RuntimeContract {
  readonly version: number;
  readonly release: string;
  readonly hash: string;
  readonly source?: string;
  readonly tables: readonly RuntimeTable[];
  readonly views: readonly RuntimeView[];
  readonly enums: readonly RuntimeEnum[];
  readonly domains: readonly RuntimeDomain[];
  readonly env: readonly { readonly name: string; readonly from?: string | undefined }[];
}

export interface RuntimeView {
  readonly schema: string;
  readonly name: string;
  readonly unqualified: boolean;
  readonly from?: string | undefined;
  readonly columns: readonly {
    readonly name: string;
    readonly type: string;
    readonly used?: boolean;
    readonly reads?: string;
    readonly from?: string | undefined;
  }[];
}

export interface RuntimeColumn {
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean | null;
  readonly default: string | null;
  readonly identity: string | null;
  readonly generated: object | null;
  readonly supplied: boolean;
  readonly given?: boolean;
  readonly filled?: boolean;
  readonly reads?: string;
  readonly used?: boolean;
  readonly from?: string | undefined;
}

export interface RuntimeTable extends RuntimeView {
  readonly access: readonly string[];
  readonly columnsOnly?: boolean;
  readonly columns: readonly RuntimeColumn[];
  readonly unique: readonly {
    readonly name: string;
    readonly keys: readonly string[];
    readonly predicate: string | null;
    readonly nullsNotDistinct: boolean;
    readonly deferrable: boolean;
    readonly from?: string | undefined;
  }[];
  readonly foreignKeys: readonly {
    readonly name: string;
    readonly columns: readonly string[];
    readonly table: string;
    readonly references: readonly string[];
    readonly onDelete: string;
    readonly onUpdate: string;
    readonly deferrable?: string;
    readonly from?: string | undefined;
  }[];
}

export interface RuntimeEnum {
  readonly schema: string;
  readonly name: string;
  readonly labels: readonly string[];
  readonly from?: string | undefined;
  readonly labelFrom?: object | undefined;
}

export interface RuntimeDomain {
  readonly schema: string;
  readonly name: string;
  readonly type: string;
  readonly default: string | null;
}

/** One thing that the release needs and does not find. */
export interface RuntimeDifference {
  /** `public.orders.confirmed_at`, or the name of a variable. */
  readonly object: string;
  readonly kind: string;
  readonly expected: string;
  readonly found: string;
  /** Where the expectation stands: `src/db/schema.ts:41`. */
  readonly from: string;
  /** What it does to the release. */
  readonly effect: string;
}

/** Thrown by `assertContract`: what the release expects and the database does not have. */
export class ContractError extends Error {
  override readonly name = "ContractError";
  readonly release: string;
  readonly differences: readonly RuntimeDifference[];

  constructor(release: string, differences: readonly RuntimeDifference[]) {
    super(describe(release, differences));
    this.release = release;
    this.differences = differences;
  }
}

function describe(release: string, differences: readonly RuntimeDifference[]): string {
  const shown = differences
    .slice(0, 20)
    .flatMap((one) => [
      "",
      `  ${one.object}: ${one.kind}`,
      `    expected  ${one.expected}`,
      `    found     ${one.found}`,
      `    from      ${one.from}`,
      `    effect    ${one.effect}`,
    ]);
  const more = differences.length > 20 ? ["", `  and ${differences.length - 20} more`] : [];
  return [
    `release ${release} does not fit this database: ${differences.length} ${differences.length === 1 ? "difference" : "differences"}`,
    ...shown,
    ...more,
    "",
    "  why   a migration never ran here or failed half-way, or the schema was changed by hand",
    "  next  lockstep gate   (finds the cause and the next command for each)",
  ].join("\n");
}
