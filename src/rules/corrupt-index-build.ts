import { isConcurrent } from "./evaluate-concurrent.ts";
import type { Rule } from "./rule.ts";

/** CONCURRENTLY on a server whose exact version, known from the exported sizes, builds such indexes wrong. */
export const corruptIndexBuild: Rule = {
  id: "corrupt-index-build",
  title: "Builds an index that may lack rows, on 14.0 to 14.3",
  severity: "error",
  kind: "hazard",
  kinds: ["IndexStmt", "ReindexStmt"],
  statement(input) {
    const { kind } = input.statement;
    if (!isConcurrent(input.statement) || (kind !== "IndexStmt" && kind !== "ReindexStmt"))
      return [];
    const version = input.context.sizes?.serverVersion.split(" ", 1)[0] ?? "";
    const [major, minor] = version.split(".").map(Number);
    if (major !== 14 || minor === undefined || minor > 3) return [];
    return [
      {
        at: input,
        message: `the server (${version}, by the exported sizes) may build this index without rows that are updated meanwhile`,
        why: "14.0 to 14.3 let VACUUM and pruning take row versions away that CREATE INDEX CONCURRENTLY and REINDEX CONCURRENTLY still had to read: queries through the index then miss rows, a unique one lets duplicates in, and nothing says so (release notes of 14.4)",
        wayOut: {
          text: "Update the server to 14.4 or later first (a restart, no dump), then build it, and REINDEX CONCURRENTLY what was built so before. Export the sizes again afterwards.",
        },
      },
    ];
  },
};
