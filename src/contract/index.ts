export { parseContract, readContract, writeContract } from "./artefact.ts";
export {
  buildContract,
  schemaCatalog,
  type BuildOptions,
  type ContractSource,
  type SchemaCatalog,
  type SchemaSource,
} from "./build.ts";
export { hashContract } from "./canonical.ts";
export type * from "./contract.ts";
export { contractVersion } from "./contract.ts";
export type { DrizzleOptions } from "./drizzle.ts";
export { checkText, contractParts, keyTexts, type ContractCatalog } from "./from-catalog.ts";
export type { PrismaOptions } from "./prisma.ts";
export { askQueries, placeOf, readQueryFiles, type AskedQueries } from "./queries.ts";
export { queryFileText, type FiledQuery } from "./query-file.ts";
export { recordedQueries, type RecordedQueries } from "./query-record.ts";
export type { RefusedQuery, ResolvedQuery } from "./query-resolve.ts";
export { keptOrAsked } from "./kept-queries.ts";
export { migrationOrigins, type Origin } from "./origins.ts";
