export { defineProbes } from "./probe.ts";
export type {
  Probe,
  ProbeContext,
  ProbeHttp,
  ProbeModule,
  ProbeRequest,
  ProbeResponse,
} from "./probe.ts";

/** The tools whose folders are read and whose ledgers are kept true; `sql` is a folder of plain files. */
export type MigrationTool = (typeof migrationTools)[number];

/** Their names. */
export const migrationTools = [
  "sql",
  "drizzle",
  "prisma",
  "golang-migrate",
  "dbmate",
  "goose",
  "sqlx",
  "diesel",
  "flyway",
  "node-pg-migrate",
  "supabase",
  "graphile-migrate",
  "knex",
  "typeorm",
  "kysely",
  "mikro-orm",
  "sequelize",
  "umzug",
  "command",
] as const;

/** Where the migrations are. */
export interface MigrationsConfig {
  /** Folder, relative to the config file. */
  readonly folder: string;
  /** Whose format it has; found out by looking when left away. */
  readonly tool?: MigrationTool;
  /**
   * What applies the folder, where its migrations are programs: a line for the shell, or a program and its arguments. Found
   * out when left away, but for `umzug` and `command`.
   */
  readonly command?: string | readonly string[];
  /** The tool's own ledger, where it is not in its usual place. */
  readonly ledger?: {
    readonly schema?: string;
    readonly table?: string;
    /** For `command`: the column that names a migration, or several that do so together. */
    readonly column?: string | readonly string[];
    /** For `command`: the ledger has only the newest migration, as Alembic's. */
    readonly isPosition?: boolean;
  };
}

/**
 * What a release expects. Exactly one of `drizzle`, `prisma`, `typeorm`, `sequelize`, `mikroOrm`, `kysely`, `queries`,
 * `migrations`, `command` and `file` says from where.
 */
export interface ContractConfig {
  /** Drizzle schema modules, relative to the config file; `*` and `**` are understood. */
  readonly drizzle?: string | readonly string[];
  /** Drizzle's `casing` option, when the application uses one. */
  readonly casing?: "snake_case" | "camelCase";
  /** The Prisma schema, a file or a folder of them, relative to the config file; `true` looks where Prisma does. */
  readonly prisma?: string | true;
  /**
   * Where Prisma models without `@@schema` live: `?schema=` of the URL, or `schema` of the adapter; and tables of Kysely's types
   * that name none (`withSchema`). `public` by default.
   */
  readonly defaultSchema?: string;
  /** The module that exports TypeORM's DataSource, or modules that export entities; `*` and `**` are understood. */
  readonly typeorm?: string | readonly string[];
  /** The module that exports the Sequelize instance with its models; `*` and `**` are understood. */
  readonly sequelize?: string | readonly string[];
  /** The module that exports MikroORM's configuration. */
  readonly mikroOrm?: string | readonly string[];
  /** The module that exports the interface `DB` or `Database` for Kysely, generated or written by hand; `*` and `**` are understood. */
  readonly kysely?: string | readonly string[];
  /** `true`, or its options, when the application uses Kysely's CamelCasePlugin. */
  readonly camelCase?:
    | boolean
    | {
        readonly upperCase?: boolean;
        readonly underscoreBeforeDigits?: boolean;
        readonly underscoreBetweenUppercaseLetters?: boolean;
      };
  /** Files with the statements that the code sends, as `contract record` writes one, or as people keep them; `*` and `**` are understood. */
  readonly queries?: string | readonly string[];
  /** The catalog that the folder of migrations leaves on an empty database. */
  readonly migrations?: true;
  /**
   * A shell line that migrates the empty database at `DATABASE_URL`, e.g. `npx prisma migrate deploy`: it is run on scratch
   * and the catalog captured. Works for every tool.
   */
  readonly command?: string;
  /** A JSON file written by people. (A contract built earlier is named with `--contract`.) */
  readonly file?: string;
  /** Environment variables that the release needs. */
  readonly env?: readonly string[];
  /** States of the database that the release needs, each a SELECT with its expected answer. */
  readonly checks?: readonly {
    readonly name: string;
    readonly sql: string;
    readonly equals: unknown;
  }[];
  /** Database role that the application connects as, to have its privileges checked. */
  readonly role?: string;
  /** Where `contract build` writes, `lockstep.contract.json` by default. */
  readonly output?: string;
}

/**
 * Where the gate looks up the environment variables that a contract names (`contract.env`):
 * - `"process"`: in those of the process that runs Lockstep. Right where the release gets the same, e.g. when the gate runs
 *   in its container.
 * - `{ file }`: in a dotenv file, relative to the config file.
 * - `{ command }`: in the lines `NAME=value` (or `NAME`) that a shell line prints, e.g. `fly ssh console -C env`.
 * - `false`: nowhere; they are not looked at, and a deploy says so.
 */
export type VariableSource =
  | "process"
  | { readonly file: string }
  | { readonly command: string }
  | false;

/** How a release is put into service. An environment may replace any of it. */
export interface DeployConfig {
  /** Shell line that puts the new release into service. */
  readonly command?: string;
  /** Shell line that puts the old one back when the command or a probe fails. */
  readonly rollback?: string;
  /** Modules with probes, relative to the config file; `*` is understood. */
  readonly probes?: string | readonly string[];
  /** Where the probes reach the product. */
  readonly baseUrl?: string;
  /** Longest run of a probe that names no limit of its own, 30,000 ms by default. */
  readonly probeTimeoutMs?: number;
  /** Where the variables of the release are looked up, `"process"` by default. */
  readonly env?: VariableSource;
  /** How long after its last heartbeat an instance counts as running, 90,000 ms by default. */
  readonly instanceTtlMs?: number;
  /** How snapshots are made, and whether one is made before migrations are applied. */
  readonly snapshot?: SnapshotConfig;
  /** When risky work may begin: `"02:00-05:00 Europe/Berlin"`, `"quiet"`, `"quiet:50"`; several must be open at once. */
  readonly window?: string | readonly string[];
  /** How long it is waited for, 21,600,000 ms (six hours) by default. */
  readonly windowWaitMs?: number;
  /** What `lockstep watch` looks at after a deploy. */
  readonly watch?: WatchConfig;
}

/** What is looked at after a deploy, and from when on it is wrong. Times in ms. */
export interface WatchConfig {
  /** How long, 600,000 by default. */
  readonly forMs?: number;
  /** The time between two rounds, 15,000 by default. */
  readonly everyMs?: number;
  /** What is asked over HTTP in each round. */
  readonly endpoints?: readonly {
    readonly url: string;
    /** Longest answer, 5,000 by default. */
    readonly mostMs?: number;
    /** Where a number stands in an answer of JSON: `errors.rate`. */
    readonly value?: string;
    /** Its upper limit. */
    readonly most?: number;
  }[];
  /** In how many rounds one after another something has to be wrong, 2 by default. */
  readonly failAfter?: number;
  /** How many times as long as before a statement has to take to be told, 2 by default. */
  readonly slowerBy?: number;
  /** Longest wait for a lock, 10,000 by default. */
  readonly lockWaitMs?: number;
  /** How far a standby may be behind, 60,000 by default. */
  readonly lagMs?: number;
  /** Runs `deploy.rollback` when the watch fails. Default false. */
  readonly rollback?: boolean;
}

/** How `lockstep snapshot create` makes one. */
export interface SnapshotConfig {
  /** `"dump"` by default. */
  readonly by?:
    | "dump"
    | "restore-point"
    | "aws-rds"
    | "aws-aurora"
    | "cloud-sql"
    | "neon"
    | "supabase"
    | "command";
  /** Folder in which dumps are put, `lockstep-snapshots` by default. */
  readonly to?: string;
  /** Connections of pg_dump at once, 4 by default. */
  readonly jobs?: number;
  /** The provider's name of the server. */
  readonly instance?: string;
  /** The provider's name of the project. */
  readonly project?: string;
  /** Neon: the branch that is copied. */
  readonly branch?: string;
  /** Any other command, a line for the shell. */
  readonly command?: string;
  /** Makes one before every run of `migrate` and `deploy` that has something to apply. Default false. */
  readonly before?: boolean;
}

/** A named database and where its release runs. */
export interface EnvironmentConfig extends DeployConfig {
  /** Name of the environment variable that holds the URL, so that the config holds no secret. */
  readonly urlEnv?: string;
  /** The URL itself, e.g. `process.env.DATABASE_URL`. */
  readonly url?: string | undefined;
  /** What `lockstep status --json` wrote where the database can be reached, for `status --all` where it cannot. */
  readonly statusFile?: string;
}

/** The runner's patience. Every time is in ms. */
export interface RunnerConfig {
  /** Longest wait for a lock in one attempt, 3,000 by default. */
  readonly lockTimeoutMs?: number;
  /** Longest run of a statement that only changes the catalog, 30,000 by default. */
  readonly statementTimeoutMs?: number;
  /** How long a statement is tried that meets lock timeouts, deadlocks or serialisation failures, pauses included, 5 minutes by default. */
  readonly retryForMs?: number;
  /** How often at the most; as often as the time allows by default. */
  readonly attempts?: number;
  /** Longest wait of a CONCURRENTLY statement for older transactions, 10 minutes by default. */
  readonly concurrentWaitMs?: number;
  /** Longest wait for another runner, 15 minutes by default. */
  readonly waitForRunnerMs?: number;
  /** Apply migrations that are older than the newest applied one. Default false. */
  readonly allowOutOfOrder?: boolean;
  /** Go on although the ledger names a migration that the folder does not have. Default false. */
  readonly allowMissing?: boolean;
}

export interface ScratchConfig {
  /** Major version; the target's by default. */
  readonly major?: 14 | 15 | 16 | 17 | 18;
  /** Name of the environment variable with the URL of a server to use instead of the embedded one. */
  readonly urlEnv?: string;
  readonly url?: string | undefined;
}

/** How rows are filled: by `lockstep migrate`, `deploy` and `backfill run`. */
export interface BackfillConfig {
  /** Other limits, by the names that docs/backfill.md has for them; `null` is never. */
  readonly limits?: Readonly<
    Record<string, { readonly slow: number | null; readonly stop: number | null }>
  >;
  /** Signals that are not looked at. */
  readonly ignore?: readonly string[];
  /** Standbys that lag on purpose, by application_name. */
  readonly ignoreReplicas?: readonly string[];
  /** Workers at the most, 1 by default. */
  readonly workers?: number;
  /** Processors of the database server, 4 by default. */
  readonly cpus?: number;
  /** `false` leaves vacuuming to autovacuum. */
  readonly vacuum?: boolean;
}

/** What becomes of a column's values when rows are copied for a rehearsal. */
export type SanitiseRule =
  | "keep"
  | "null"
  | "mask"
  | "fake"
  | "email"
  | { readonly value: string }
  | { readonly sql: string };

/** How rows of production are masked by `lockstep rehearse --sanitise`. What no rule names is masked. */
export interface SanitiseConfig {
  /** By `schema.table.column`, of tables in public also `table.column`; `*` stands for any part of a name. */
  readonly columns?: Readonly<Record<string, SanitiseRule>>;
  /** By the type's internal name (`timestamptz`, `int4`), for columns that no rule names. */
  readonly types?: Readonly<Record<string, SanitiseRule>>;
  /** Name of the environment variable with the key: the same key makes the same masks. A random one by default. */
  readonly keyEnv?: string;
}

/** What `lockstep check` looks for, and how strictly. */
export interface CheckConfig {
  /** By rule: another severity, `"off"`, or `"on"` for advice that is off by default. */
  readonly rules?: Readonly<Record<string, "error" | "warning" | "info" | "off" | "on">>;
  /** How migrations reach the server, where their tool's way is not the one that is used. */
  readonly transaction?: "statement" | "file" | "query" | "deploy" | "units";
  /** File with findings that were accepted, relative to the config file. */
  readonly baseline?: string;
  /** File that `lockstep stats export` wrote, relative to the config file. */
  readonly sizes?: string;
}

/** `lockstep.config.ts`. */
export interface LockstepConfig {
  readonly migrations?: MigrationsConfig;
  readonly contract?: ContractConfig;
  /** By name. `--env` chooses; the only one, or `LOCKSTEP_ENV`, is the default. */
  readonly environments?: Readonly<Record<string, EnvironmentConfig>>;
  readonly deploy?: DeployConfig;
  readonly runner?: RunnerConfig;
  readonly backfill?: BackfillConfig;
  readonly scratch?: ScratchConfig;
  readonly sanitise?: SanitiseConfig;
  readonly check?: CheckConfig;
}

/** Types a config; gives back what it was given. */
export function defineConfig(config: LockstepConfig): LockstepConfig {
  return config;
}
