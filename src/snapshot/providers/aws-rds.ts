import { textAt, type Provider } from "./provider.ts";

/**
 * Amazon RDS: `aws rds create-db-snapshot`, then `describe-db-snapshots` until its Status is `available` (API reference,
 * DBSnapshot).
 */
export const awsRds: Provider = {
  needs: ["instance"],
  program: "aws",
  install: "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html",
  create: ({ instance }, name) => [
    "rds",
    "create-db-snapshot",
    "--output",
    "json",
    "--no-cli-pager",
    "--db-instance-identifier",
    instance!,
    "--db-snapshot-identifier",
    name,
  ],
  idOf: (answer) => textAt(answer, "DBSnapshot", "DBSnapshotIdentifier"),
  look: (_, id) => [
    "rds",
    "describe-db-snapshots",
    "--output",
    "json",
    "--no-cli-pager",
    "--db-snapshot-identifier",
    id,
  ],
  progressOf: (answer) => {
    const status = textAt(answer, "DBSnapshots", 0, "Status");
    if (status === undefined) return undefined;
    const percent = textAt(answer, "DBSnapshots", 0, "PercentProgress");
    const detail = percent === undefined ? status : `${status}, ${percent} %`;
    return { state: stateOf(status), detail };
  },
  restore: (_, id) =>
    `aws rds restore-db-instance-from-db-snapshot --db-snapshot-identifier ${id} --db-instance-identifier NEW: a new instance, with another address`,
  notKnown: ["whether it can be restored: RDS restores into a new instance only"],
};

/** As RDS words the states of snapshots of instances and clusters. */
export function stateOf(status: string): "pending" | "ready" | "failed" {
  if (status === "available") return "ready";
  return ["creating", "copying", "pending"].includes(status) ? "pending" : "failed";
}
