import { buildContract } from "../contract/index.ts";
import type { LoadedConfig } from "../config/index.ts";
import { runGate, type Difference } from "../gate/index.ts";
import { Session } from "../pg/index.ts";
import type { Finding } from "../rules/index.ts";
import type { Scratch } from "../scratch/index.ts";
import { filesNamed } from "./paths.ts";

/** Scratch, with all migrations applied in one database. */
export interface MigratedScratch {
  readonly url: string;
  readonly scratch: Scratch;
}

/**
 * Whether the migrations make what the code's Drizzle schema describes: where they do not, the schema was changed and no
 * migration was written.
 * @throws LockstepError `contract-source` when the schema cannot be loaded
 */
export async function compareSchemaWithMigrations(
  { config, folder }: LoadedConfig,
  { url, scratch }: MigratedScratch,
): Promise<readonly Finding[]> {
  const { drizzle, casing } = config.contract ?? {};
  if (drizzle === undefined) return [];
  const files = await filesNamed(drizzle, folder, "contract.drizzle");
  const contract = await buildContract({
    source: { kind: "drizzle", files, casing },
    release: "check",
    scratch,
    root: folder,
  });
  await using session = await Session.open({ url, applicationName: "lockstep/check" });
  const { differences } = await runGate({
    contract,
    database: session,
    environment: "the migrations",
  });
  return differences.map(finding);
}

function finding({ severity, object, expected, found, from }: Difference): Finding {
  const [, file = from, line = "1"] = /^(.*?)(?::(\d+))?$/.exec(from) ?? [];
  return {
    rule: "schema-without-migration",
    severity,
    file,
    line: Number(line),
    message: `The schema file says ${object} is ${expected}; the migrations leave: ${found}.`,
    why: "The code and the migrations disagree: the schema file was changed and no migration was written, or a migration was edited by hand. A release of this code would meet a database that it does not expect.",
    source: "the schema's contract, compared with a database that all migrations have made",
    wayOut: { text: "Write the migration.", code: "npx drizzle-kit generate" },
    docs: "docs/check.md#three-must-agree",
  };
}
