/**
 * Who may import whom: each room of src/ and the rooms below it that it may use.
 * The linter enforces this table (oxlint.config.mjs) and docs/architecture.md shows it.
 */
export const rooms = {
  errors: [],
  events: ["errors"],
  sql: ["errors"],
  pg: ["errors", "events", "sql"],
  scratch: ["errors", "sql", "pg"],
  catalog: ["errors", "sql", "pg"],
  ledger: ["errors", "sql", "pg"],
  tools: ["errors", "sql", "pg", "ledger"],
  contract: ["errors", "sql", "pg", "scratch", "catalog", "tools"],
  gate: ["errors", "sql", "pg", "scratch", "catalog", "ledger", "tools", "contract", "runtime"],
  runner: ["errors", "events", "sql", "pg", "scratch", "catalog", "ledger", "tools"],
  deploy: [
    "errors",
    "events",
    "sql",
    "pg",
    "scratch",
    "catalog",
    "ledger",
    "tools",
    "contract",
    "gate",
    "runner",
    "config",
  ],
  config: ["errors"],
  report: [
    "errors",
    "events",
    "catalog",
    "ledger",
    "tools",
    "contract",
    "gate",
    "runner",
    "deploy",
  ],
  runtime: [],
};
