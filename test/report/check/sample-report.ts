import { summaryOf, type CheckReport } from "../../../src/check/index.ts";
import type { Finding } from "../../../src/rules/index.ts";

const rewrite: Finding = {
  rule: "blocking-rewrite",
  severity: "error",
  file: "migrations/0007_orders.sql",
  line: 3,
  column: 1,
  endLine: 4,
  endColumn: 42,
  message: "Every row of public.orders is written again while nobody can read or write the table.",
  why: "ALTER COLUMN TYPE numeric(12,2) takes AccessExclusive on public.orders and gives it new storage: 4,100,000 rows, 1.2 GB. With 2 indexes rebuilt, reads and writes wait for all of it.",
  source: "observed on 18.4",
  wayOut: {
    text: "Add a new column, copy in batches, switch over, and drop the old one after the deploy.",
    code: "ALTER TABLE orders ADD COLUMN total_new numeric(12,2);\n\nUPDATE orders SET total_new = total WHERE id BETWEEN 1 AND 1000;",
    needsPlan: true,
  },
  docs: "docs/rules/blocking-rewrite.md",
};

const index: Finding = {
  rule: "blocking-index-build",
  severity: "warning",
  file: "migrations/0007_orders.sql",
  line: 7,
  column: 1,
  endLine: 7,
  endColumn: 49,
  message: "Writes to public.orders wait while an index is built.",
  why: "CREATE INDEX takes Share on public.orders until it has read every row.",
  source: "observed on 18.4",
  wayOut: {
    text: "Build it CONCURRENTLY, outside a transaction.",
    code: "CREATE INDEX CONCURRENTLY orders_user ON orders (user_id);",
    edits: [
      {
        file: "migrations/0007_orders.sql",
        start: 112,
        end: 124,
        text: "CREATE INDEX CONCURRENTLY",
      },
    ],
  },
  docs: "docs/rules/blocking-index-build.md",
};

const second: Finding = {
  ...index,
  line: 8,
  endLine: 8,
  message: "Writes to public.lines wait while an index is built.",
  wayOut: {
    text: index.wayOut.text,
    code: "CREATE INDEX CONCURRENTLY lines_order ON lines (order_id);",
  },
};

const advice: Finding = {
  rule: "push-to-production",
  severity: "info",
  file: ".github/workflows/deploy, v2: main.yml",
  line: 12,
  message: '`drizzle-kit push` <changes> the *database* | 100% & "silently" for @everyone',
  why: "It compares and alters;\nno file says what was done.",
  source: "workflow file",
  wayOut: { text: "Generate a migration and apply it.", code: "run: npx lockstep migrate" },
  docs: "https://example.com/rules/push-to-production",
};

const effect = {
  locks: [{ relation: "public.orders", mode: "AccessExclusive", kind: "table", role: "self" }],
  held: [],
  rewrites: ["public.orders"],
  scans: ["public.orders"],
  work: [{ kind: "rewrite", relation: "public.orders" }],
  failures: [],
  breaks: [{ object: "public.orders.total", how: "retyped", to: "numeric(12,2)" }],
  unknown: [],
} as const;

const none = { ...effect, locks: [], rewrites: [], scans: [], work: [], breaks: [] };

/** A report with each kind of thing in it. */
export const sampleReport: CheckReport = {
  version: 1,
  workingFolder: ".",
  server: { major: 18, observed: true, version: "18.4" },
  selection: {
    by: "changed",
    because: "new or changed since main (3f2c1a9)",
    folder: "migrations",
    history: 6,
    transaction: "file",
    places: [
      {
        folder: "migrations",
        tool: undefined,
        history: 6,
        transaction: "file",
        transactionBy: "assumed",
      },
    ],
  },
  files: [
    {
      file: "migrations/0007_orders.sql",
      transaction: "file",
      statements: [
        {
          line: 3,
          column: 1,
          sql: "ALTER TABLE orders\n  ALTER COLUMN total TYPE numeric(12,2)",
          effect,
          source: "observed",
        },
        {
          line: 7,
          column: 1,
          sql: "CREATE INDEX orders_user ON orders (user_id)",
          effect: none,
          source: "observed",
        },
        {
          line: 8,
          column: 1,
          sql: "CREATE INDEX lines_order ON lines (order_id)",
          effect: none,
          source: "observed",
        },
      ],
    },
    { file: "migrations/0008_safe.sql", transaction: "file", statements: [] },
  ],
  findings: [advice, rewrite, index, second],
  suppressed: [{ finding: { ...index, line: 9 }, reason: "the table is empty", by: "comment" }],
  notes: [{ kind: "skipped", message: "the database was not asked what is pending" }],
  summary: summaryOf([advice, rewrite, index, second]),
};

/** One in which nothing was found. */
export const cleanReport: CheckReport = {
  ...sampleReport,
  findings: [],
  suppressed: [],
  notes: [],
  summary: summaryOf([]),
};
