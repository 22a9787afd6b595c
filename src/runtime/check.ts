import { compareFacts } from "./compare.ts";
import type { Query } from "./connection.ts";
import type { RuntimeContract, RuntimeDifference } from "./contract.ts";
import { readFacts } from "./facts.ts";

/** Newest contract format that is understood. */
const contractVersion = 1;

export interface CheckOptions {
  /** The environment variables that the contract may name; `process.env` by default. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Told what stands in the way of the quick check or of the heartbeat; nothing by default. */
  readonly onWarning?: (message: string) => void;
}

/**
 * What the release needs and does not find. One round trip when this contract is known to fit the catalog as it is
 * now; else one more that looks at everything the contract names, and one that notes the result for the next start.
 */
export async function check(
  query: Query,
  contract: RuntimeContract,
  options: CheckOptions,
): Promise<readonly RuntimeDifference[]> {
  if (contract.version > contractVersion)
    throw new TypeError(
      `the contract of release ${contract.release} has format ${contract.version}, newer than this lockstep/runtime: npm install lockstep@latest`,
    );
  const variables = missingVariables(contract, options.env ?? process.env);
  const known = await knownToFit(query, contract, options);
  if (known === true) return variables;
  const facts = await readFacts(query, contract, known !== undefined);
  const differences = compareFacts(contract, facts);
  if (differences.length === 0 && facts.stamp !== null)
    await query(
      "SELECT lockstep.note_verified($1::text, pg_catalog.current_schemas(false)::text[], $2::text::oid[], $3::text::oid[], $4::text::oid[], $5::text)::text",
      [contract.hash, facts.relationOids, facts.typeOids, facts.schemaOids, facts.stamp],
    ).catch((error: unknown) => {
      options.onWarning?.(`the result of the check could not be noted: ${messageOf(error)}`);
    });
  return [...variables, ...differences];
}

/** Undefined when Lockstep's functions are not there or not for this role. */
async function knownToFit(
  query: Query,
  contract: RuntimeContract,
  { onWarning }: CheckOptions,
): Promise<boolean | undefined> {
  try {
    const rows = await query(
      "SELECT coalesce(lockstep.is_verified($1::text, pg_catalog.current_schemas(false)::text[]), false)::text AS fits",
      [contract.hash],
    );
    return rows[0]?.["fits"] === "true";
  } catch (error) {
    onWarning?.(`no quick check, everything is compared: ${messageOf(error)}`);
    return undefined;
  }
}

function missingVariables(
  contract: RuntimeContract,
  env: Readonly<Record<string, string | undefined>>,
): readonly RuntimeDifference[] {
  return contract.env
    .filter(({ name }) => (env[name] ?? "").trim() === "")
    .map(({ name, from }) => ({
      object: name,
      kind: "missing-variable",
      expected: `environment variable ${name}`,
      found: env[name] === undefined ? "not set" : "set, but empty",
      from: from ?? "the contract",
      effect: "the release reads it at start or at the first use",
    }));
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
