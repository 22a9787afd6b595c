import { textAt, type Provider } from "./provider.ts";

/**
 * Neon: a branch without a compute, which is a copy on write of the moment at which it is made (`neonctl branches create`,
 * `branches get`; `current_state` is `init` and then `ready`).
 */
export const neon: Provider = {
  needs: ["project"],
  program: "neonctl",
  install: "npm install -g neonctl",
  create: ({ project, branch }, name) => [
    "branches",
    "create",
    "--output",
    "json",
    "--no-compute",
    "--project-id",
    project!,
    "--name",
    name,
    ...(branch === undefined ? [] : ["--parent", branch]),
  ],
  idOf: (answer) => textAt(answer, "branch", "id"),
  look: ({ project }, id) => ["branches", "get", id, "--output", "json", "--project-id", project!],
  progressOf: (answer) => {
    const state = textAt(answer, "current_state") ?? textAt(answer, "branch", "current_state");
    if (state === undefined) return undefined;
    if (state === "ready") return { state: "ready", detail: state };
    return { state: state === "init" ? "pending" : "failed", detail: state };
  },
  restore: ({ project, branch }, id) =>
    `neonctl branches restore ${branch ?? "BRANCH"} ${id} --project-id ${project} --preserve-under-name BEFORE`,
  notKnown: ["how long Neon keeps the branch: an expiry may be set on it"],
};
