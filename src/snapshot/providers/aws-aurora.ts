import { awsRds, stateOf } from "./aws-rds.ts";
import { textAt, type Provider } from "./provider.ts";

/** Amazon Aurora: as RDS, of a cluster (`create-db-cluster-snapshot`, `describe-db-cluster-snapshots`). */
export const awsAurora: Provider = {
  ...awsRds,
  create: ({ instance }, name) => [
    "rds",
    "create-db-cluster-snapshot",
    "--output",
    "json",
    "--no-cli-pager",
    "--db-cluster-identifier",
    instance!,
    "--db-cluster-snapshot-identifier",
    name,
  ],
  idOf: (answer) => textAt(answer, "DBClusterSnapshot", "DBClusterSnapshotIdentifier"),
  look: (_, id) => [
    "rds",
    "describe-db-cluster-snapshots",
    "--output",
    "json",
    "--no-cli-pager",
    "--db-cluster-snapshot-identifier",
    id,
  ],
  progressOf: (answer) => {
    const status = textAt(answer, "DBClusterSnapshots", 0, "Status");
    if (status === undefined) return undefined;
    const percent = textAt(answer, "DBClusterSnapshots", 0, "PercentProgress");
    const detail = percent === undefined ? status : `${status}, ${percent} %`;
    return { state: stateOf(status), detail };
  },
  restore: (_, id) =>
    `aws rds restore-db-cluster-from-snapshot --snapshot-identifier ${id} --db-cluster-identifier NEW --engine aurora-postgresql: a new cluster, which needs an instance of its own`,
  notKnown: ["whether it can be restored: Aurora restores into a new cluster only"],
};
