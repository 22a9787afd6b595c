import {
  migrationTools,
  type BackfillConfig,
  type CheckConfig,
  type ContractConfig,
  type DeployConfig,
  type EnvironmentConfig,
  type LockstepConfig,
  type MigrationsConfig,
  type RunnerConfig,
  type SanitiseConfig,
  type ScratchConfig,
  type SnapshotConfig,
  type WatchConfig,
} from "./define-config.ts";
import type { ObjectShape, Shape } from "./shape.ts";

const text: Shape = { kind: "text" };
const texts: Shape = { kind: "texts" };
const flag: Shape = { kind: "flag" };
const limit: Shape = { kind: "limit" };
const milliseconds: Shape = { kind: "whole", least: 0 };

/** The keys of a part of the config; the compiler sees to it that none of its type's is forgotten. */
type KeysOf<Part> = Readonly<Record<keyof Part & string, Shape>>;

function object<Part>(
  keys: KeysOf<Part>,
  required: readonly (keyof Part & string)[] = [],
  rule?: ObjectShape["rule"],
): ObjectShape {
  return { kind: "object", keys, required, ...(rule === undefined ? {} : { rule }) };
}

const deploy: KeysOf<DeployConfig> = {
  command: text,
  rollback: text,
  probes: texts,
  baseUrl: { kind: "httpUrl" },
  probeTimeoutMs: milliseconds,
  env: {
    kind: "either",
    of: [
      { kind: "choice", of: ["process", false] },
      object<{ file: string }>({ file: text }, ["file"]),
      object<{ command: string }>({ command: text }, ["command"]),
    ],
    expected: '"process", { file: "…" }, { command: "…" } or false',
  },
  instanceTtlMs: milliseconds,
  snapshot: object<SnapshotConfig>({
    by: {
      kind: "choice",
      of: [
        "dump",
        "restore-point",
        "aws-rds",
        "aws-aurora",
        "cloud-sql",
        "neon",
        "supabase",
        "command",
      ],
    },
    to: text,
    jobs: { kind: "whole", least: 1 },
    instance: text,
    project: text,
    branch: text,
    command: text,
    before: flag,
  }),
  window: texts,
  windowWaitMs: milliseconds,
  watch: object<WatchConfig>({
    forMs: milliseconds,
    everyMs: milliseconds,
    endpoints: {
      kind: "list",
      item: object<NonNullable<WatchConfig["endpoints"]>[number]>(
        { url: { kind: "httpUrl" }, mostMs: milliseconds, value: text, most: limit },
        ["url"],
      ),
    },
    failAfter: { kind: "whole", least: 1 },
    slowerBy: limit,
    lockWaitMs: milliseconds,
    lagMs: milliseconds,
    rollback: flag,
  }),
};

const maskRule: Shape = {
  kind: "either",
  of: [
    { kind: "choice", of: ["keep", "null", "mask", "fake", "email"] },
    object<{ value: string }>({ value: text }, ["value"]),
    object<{ sql: string }>({ sql: text }, ["sql"]),
  ],
  expected: '"keep", "null", "mask", "fake", "email", { value: "…" } or { sql: "…" }',
};

const sources = [
  "drizzle",
  "prisma",
  "typeorm",
  "sequelize",
  "mikroOrm",
  "kysely",
  "queries",
  "migrations",
  "command",
  "file",
];

/** The shape of a `LockstepConfig`; a key that is not here is an error wherever it stands. */
export const configShape: ObjectShape = object<LockstepConfig>({
  migrations: object<MigrationsConfig>(
    {
      folder: text,
      tool: { kind: "choice", of: migrationTools },
      command: texts,
      ledger: object<NonNullable<MigrationsConfig["ledger"]>>({
        schema: text,
        table: text,
        column: texts,
        isPosition: flag,
      }),
    },
    ["folder"],
  ),
  contract: object<ContractConfig>(
    {
      drizzle: texts,
      casing: { kind: "choice", of: ["snake_case", "camelCase"] },
      prisma: {
        kind: "either",
        of: [{ kind: "choice", of: [true] }, text],
        expected: "a text, or true",
      },
      defaultSchema: text,
      typeorm: texts,
      sequelize: texts,
      mikroOrm: texts,
      kysely: texts,
      camelCase: {
        kind: "either",
        of: [
          flag,
          object<Exclude<NonNullable<ContractConfig["camelCase"]>, boolean>>({
            upperCase: flag,
            underscoreBeforeDigits: flag,
            underscoreBetweenUppercaseLetters: flag,
          }),
        ],
        expected: "true, or options of the plugin",
      },
      queries: texts,
      migrations: { kind: "choice", of: [true] },
      command: text,
      file: text,
      env: { kind: "list", item: text },
      checks: {
        kind: "list",
        item: object<NonNullable<ContractConfig["checks"]>[number]>(
          { name: text, sql: text, equals: { kind: "any" } },
          ["name", "sql"],
        ),
      },
      role: text,
      output: text,
    },
    [],
    (contract) =>
      sources.filter((source) => contract[source] !== undefined).length === 1
        ? undefined
        : `exactly one of ${sources.slice(0, -1).join(", ")} and ${sources.at(-1)}`,
  ),
  environments: {
    kind: "named",
    item: object<EnvironmentConfig>({ ...deploy, urlEnv: text, url: text, statusFile: text }),
  },
  deploy: object<DeployConfig>(deploy),
  runner: object<RunnerConfig>({
    lockTimeoutMs: milliseconds,
    statementTimeoutMs: milliseconds,
    attempts: { kind: "whole", least: 1 },
    retryForMs: milliseconds,
    concurrentWaitMs: milliseconds,
    waitForRunnerMs: milliseconds,
    allowOutOfOrder: flag,
    allowMissing: flag,
  }),
  backfill: object<BackfillConfig>({
    limits: {
      kind: "named",
      item: object<{ slow: number | null; stop: number | null }>({ slow: limit, stop: limit }, [
        "slow",
        "stop",
      ]),
    },
    ignore: { kind: "list", item: text },
    ignoreReplicas: { kind: "list", item: text },
    workers: { kind: "whole", least: 1 },
    cpus: { kind: "whole", least: 1 },
    vacuum: flag,
  }),
  scratch: object<ScratchConfig>({
    major: { kind: "choice", of: [14, 15, 16, 17, 18] },
    urlEnv: text,
    url: text,
  }),
  sanitise: object<SanitiseConfig>({
    columns: { kind: "named", item: maskRule },
    types: { kind: "named", item: maskRule },
    keyEnv: text,
  }),
  check: object<CheckConfig>({
    rules: {
      kind: "named",
      item: { kind: "choice", of: ["error", "warning", "info", "off", "on"] },
    },
    transaction: { kind: "choice", of: ["statement", "file", "query", "deploy", "units"] },
    baseline: text,
    sizes: text,
  }),
});
