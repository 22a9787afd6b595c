import { check, type CheckOptions } from "./check.ts";
import { queryOf } from "./connection.ts";
import { ContractError, type RuntimeContract } from "./contract.ts";

/**
 * Refuses to start a release on a database that does not have what it expects. Call it before the application
 * listens.
 *
 * @param database the application's own connection or pool (see `queryOf`)
 * @param contract the artefact of `lockstep contract build`
 * @throws ContractError naming every difference; the driver's error when the database cannot be asked
 */
export async function assertContract(
  database: unknown,
  contract: RuntimeContract,
  options: CheckOptions = {},
): Promise<void> {
  const differences = await check(queryOf(database), contract, options);
  if (differences.length > 0) throw new ContractError(contract.release, differences);
}
