import { expressionKeys, introspect } from "../catalog/index.ts";
import { contractParts, type Contract, type ContractCatalog } from "../contract/index.ts";
import { recordFit, stampCatalog, type CatalogStamp, type ObjectName } from "../ledger/index.ts";
import type { Session } from "../pg/index.ts";
import type { MigrationFolder } from "../tools/index.ts";
import { explain } from "./cause.ts";
import { compareContract } from "./compare.ts";
import { compareQueries } from "./compare-queries.ts";
import { settleArbiters } from "./arbiters.ts";
import { settleChecks } from "./check-values.ts";
import { settleDefaults } from "./default-kind.ts";
import { gatherEvidence, type OtherEnvironment } from "./evidence.ts";
import { contractSchemas, liveSchema, type Live } from "./live.ts";
import { comparePrivileges } from "./privileges.ts";
import type { Finding, GateResult } from "./result.ts";
import { compareAnswers, compareVariables } from "./state.ts";
import { tryStandIns } from "./stand-ins.ts";

export interface GateOptions {
  readonly contract: Contract;
  readonly database: Session;
  /** Names the environment in the result. */
  readonly environment: string;
  /** The environment variables that the release will have; left away, they are not looked at. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** The release's migrations, to find causes. */
  readonly folder?: MigrationFolder | undefined;
  /** Ledgers of other environments, to find causes. */
  readonly elsewhere?: readonly OtherEnvironment[] | undefined;
  /**
   * Records an open gate in the ledger, if that is installed, so that instances of the release start without comparing
   * again (`assertContract` of the runtime module). Default false: a gate then changes nothing.
   */
  readonly record?: boolean | undefined;
  /** "caller" looks inside the transaction that is open on the session. Default "own". */
  readonly transaction?: "own" | "caller" | undefined;
}

/**
 * The gate: may this release run against this database, now? Reads the catalog of the contract's schemas, never a
 * record, and changes no schema. Eight to twelve round trips.
 *
 * @throws LockstepError when it cannot look: connection, privileges, `lock-timeout`, `sql-syntax` of a migration
 */
export async function runGate(options: GateOptions): Promise<GateResult> {
  const { contract, database, environment, transaction = "own" } = options;
  const searchPath = await readSearchPath(contract, database);
  const stamp = options.record === true ? await stampContract(contract, database) : undefined;
  const schemas = [...new Set([...contractSchemas(contract), ...searchPath])];
  const catalog = await introspect(database, { parts: contractParts, schemas, transaction });
  const { live, findings, standIns } = await compareWith(contract, catalog, searchPath);
  const settled = await settle(findings, database, transaction);
  const all: readonly Finding[] = [
    ...settled,
    ...(await compareQueries(contract, database, transaction, settled)),
    ...(await tryStandIns(standIns, database, transaction)),
    ...(await comparePrivileges(contract, live, database)),
    ...(options.env === undefined ? [] : compareVariables(contract, options.env)),
    ...(await compareAnswers(contract, database, transaction)),
  ];
  const open = all.every(({ severity }) => severity !== "error");
  if (open && stamp !== undefined) await recordFit(database, contract.hash, stamp);
  const differences = all.length === 0 ? [] : await explainAll(all, options, live);
  return {
    version: 1,
    open,
    release: contract.release,
    environment,
    differences,
  };
}

/** Only where texts differ does it matter that Postgres prints the same expression in more than one way. */
async function compareWith(
  contract: Contract,
  catalog: ContractCatalog,
  searchPath: readonly string[],
) {
  const live = liveSchema(catalog, searchPath);
  const result = compareContract(contract, live);
  if (result.findings.length === 0) return { live, ...result };
  const keys = await expressionKeys();
  const exact = liveSchema(catalog, searchPath, (text) => keys.expression(text) ?? text);
  return { live: exact, ...compareContract(contract, exact) };
}

/** What the comparison leaves open is asked of the parser and of the server. */
async function settle(
  findings: readonly Finding[],
  database: Session,
  transaction: "own" | "caller",
): Promise<readonly Finding[]> {
  const known = await settleChecks(await settleDefaults(findings), database, transaction);
  return settleArbiters(known, database, transaction);
}

async function explainAll(
  findings: readonly Finding[],
  { contract, database, folder, elsewhere = [] }: GateOptions,
  live: Live,
) {
  const evidence = await gatherEvidence(findings, { contract, database, live, folder, elsewhere });
  const differences = findings.map((finding) => explain(finding, evidence));
  const rank = { error: 0, warning: 1 } as const;
  return differences.toSorted((a, b) => rank[a.severity] - rank[b.severity]);
}

function stampContract(contract: Contract, database: Session): Promise<CatalogStamp | undefined> {
  const { tables, views, sequences, enums, domains, composites } = contract;
  const names = ({ schema, name, unqualified = false }: ObjectName) => ({
    schema,
    name,
    unqualified,
  });
  return stampCatalog(database, {
    relations: [...tables, ...views, ...sequences, ...composites].map(names),
    types: [...enums, ...domains, ...composites].map(names),
  });
}

/** Only statements that leave the schema away depend on it. */
async function readSearchPath(contract: Contract, database: Session): Promise<readonly string[]> {
  const unqualified = [...contract.tables, ...contract.views].some((one) => one.unqualified);
  if (!unqualified) return [];
  const { rows } = await database.query<{ path: string[] }>(
    "SELECT pg_catalog.current_schemas(false)::text[] AS path",
  );
  return rows[0]!.path;
}
