import { textAt, type Provider } from "./provider.ts";

/**
 * Supabase: a persistent branch with data (`supabase branches create --with-data`; a branch has none without it), looked at
 * by `branches list`. Its states are those of the Management API (BranchResponse).
 */
export const supabase: Provider = {
  needs: ["project"],
  program: "supabase",
  install: "https://supabase.com/docs/guides/local-development/cli/getting-started",
  create: ({ project }, name) => [
    "branches",
    "create",
    name,
    "--with-data",
    "--persistent",
    "--project-ref",
    project!,
    "--output",
    "json",
  ],
  idOf: (answer, name) => textAt(answer, "name") ?? name,
  look: ({ project }) => ["branches", "list", "--project-ref", project!, "--output", "json"],
  progressOf: (answer, id) => {
    const list = Array.isArray(answer) ? (answer as readonly unknown[]) : [];
    const one = list.find((each) => textAt(each, "name") === id);
    const status = textAt(one, "status");
    if (status === undefined) return undefined;
    if (ready.has(status)) return { state: "ready", detail: status };
    return { state: pending.has(status) ? "pending" : "failed", detail: status };
  },
  restore: (_, id) =>
    `branch ${id} is a project of its own: supabase branches get ${id} shows its address, from which pg_dump brings rows back`,
  notKnown: [
    "whether every row was copied: the branch's migrations passed, its data is copied beside them",
  ],
};

const pending = new Set(["CREATING_PROJECT", "RUNNING_MIGRATIONS"]);
const ready = new Set(["MIGRATIONS_PASSED", "FUNCTIONS_DEPLOYED"]);
