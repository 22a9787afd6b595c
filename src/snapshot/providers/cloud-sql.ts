import { textAt, type Provider } from "./provider.ts";

/**
 * Google Cloud SQL: `gcloud sql backups create --async` gives an operation, `gcloud sql operations describe` says how far it
 * is (PENDING, RUNNING, DONE; `error.errors` when it failed: Cloud SQL Admin API, Operation).
 */
export const cloudSql: Provider = {
  needs: ["instance"],
  program: "gcloud",
  install: "https://cloud.google.com/sdk/docs/install",
  create: (settings, name) => [
    "sql",
    "backups",
    "create",
    "--async",
    "--format",
    "json",
    "--quiet",
    "--instance",
    settings.instance!,
    "--description",
    name,
    ...project(settings),
  ],
  idOf: (answer) => textAt(answer, "name") ?? textAt(answer, 0, "name"),
  look: (settings, id) => [
    "sql",
    "operations",
    "describe",
    id,
    "--format",
    "json",
    "--quiet",
    ...project(settings),
  ],
  progressOf: (answer) => {
    const status = textAt(answer, "status");
    if (status === undefined) return undefined;
    const code = textAt(answer, "error", "errors", 0, "code");
    if (code !== undefined) {
      const message = textAt(answer, "error", "errors", 0, "message") ?? "";
      return { state: "failed", detail: `${code} ${message}`.trim() };
    }
    if (status === "DONE") return { state: "ready", detail: status };
    return {
      state: ["PENDING", "RUNNING"].includes(status) ? "pending" : "failed",
      detail: status,
    };
  },
  restore: ({ instance }, id) =>
    `gcloud sql backups list --instance ${instance} shows the id of the backup (operation ${id}); gcloud sql backups restore ID --restore-instance TARGET overwrites TARGET`,
  notKnown: ["whether it can be restored: a restore overwrites the instance that is named"],
};

function project({ project: name }: { readonly project?: string | undefined }): readonly string[] {
  return name === undefined ? [] : ["--project", name];
}
