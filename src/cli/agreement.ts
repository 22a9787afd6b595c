import { buildContract } from "../contract/index.ts";
import type { LoadedConfig } from "../config/index.ts";
import { runGate, type Difference } from "../gate/index.ts";
import { Session } from "../pg/index.ts";
import type { Finding } from "../rules/index.ts";
import type { Scratch } from "../scratch/index.ts";
import { parseSql } from "../sql/index.ts";
import { schemaSource } from "./schema-source.ts";

/** Scratch, with all migrations applied in one database. */
export interface MigratedScratch {
  readonly url: string;
  readonly scratch: Scratch;
}

/** What writes the migration that is missing. */
const generate = {
  drizzle: "npx drizzle-kit generate",
  prisma: "npx prisma migrate dev --create-only",
  typeorm: "npx typeorm migration:generate --dataSource src/data-source.ts src/migrations/Change",
} as const;

/**
 * Whether the migrations make what the code's schema describes: where they do not, the schema was changed and no
 * migration was written.
 * @throws LockstepError `contract-source` when the schema cannot be loaded
 */
export async function compareSchemaWithMigrations(
  loaded: LoadedConfig,
  { url, scratch }: MigratedScratch,
): Promise<readonly Finding[]> {
  const source = await schemaSource(loaded);
  if (source === undefined) return [];
  const contract = await buildContract({
    source,
    release: "check",
    scratch,
    root: loaded.folder,
  });
  await using session = await Session.open({ url, applicationName: "lockstep/check" });
  const { differences } = await runGate({
    contract,
    database: session,
    environment: "the migrations",
  });
  const told: Finding[] = [];
  for (const difference of differences)
    if (source.kind !== "prisma" || !(await isBeyondPrisma(difference)))
      told.push(finding(difference, generate[source.kind]));
  return told;
}

/** Checks, row security, and unique or other indexes of some rows or of expressions: only a migration can say them. */
async function isBeyondPrisma({ kind, found }: Difference): Promise<boolean> {
  if (kind === "extra-check" || kind === "row-security") return true;
  if (kind !== "extra-unique" && kind !== "wrong-index") return false;
  const [statement] = await parseSql(found, "an index of the migrations");
  const index = (statement?.node as { readonly IndexStmt?: IndexNode } | undefined)?.IndexStmt;
  if (index === undefined) return false;
  return (
    index.whereClause !== undefined ||
    (index.indexParams ?? []).some(({ IndexElem }) => IndexElem?.expr !== undefined)
  );
}

interface IndexNode {
  readonly whereClause?: object;
  readonly indexParams?: readonly { readonly IndexElem?: { readonly expr?: object } }[];
}

function finding({ severity, object, expected, found, from }: Difference, code: string): Finding {
  const [, file = from, line = "1"] = /^(.*?)(?::(\d+))?$/.exec(from) ?? [];
  return {
    rule: "schema-without-migration",
    severity,
    file,
    line: Number(line),
    message: `The schema file says ${object} is ${expected}; the migrations leave: ${found}.`,
    why: "The code and the migrations disagree: the schema file was changed and no migration was written, or a migration was edited by hand. A release of this code would meet a database that it does not expect.",
    source: "the schema's contract, compared with a database that all migrations have made",
    wayOut: { text: "Write the migration.", code },
    docs: "docs/check.md#three-must-agree",
  };
}
