import type { Queryable } from "../pg/index.ts";

/** Who runs the server, where its catalog shows it: what only they can see or do is asked of them. */
export interface Provider {
  readonly name: string;
  /** The command that tells to which moment the database can be restored. */
  readonly restorable: string;
}

/** What each leaves in the catalog: a role of its own, or a setting. */
const marks: readonly (Provider & { readonly role?: string; readonly setting?: string })[] = [
  {
    name: "Amazon Aurora",
    setting: "aurora_version",
    restorable:
      "aws rds describe-db-clusters --query 'DBClusters[].[DBClusterIdentifier,EarliestRestorableTime,LatestRestorableTime]'",
  },
  {
    name: "Amazon RDS",
    role: "rdsadmin",
    restorable:
      "aws rds describe-db-instances --query 'DBInstances[].[DBInstanceIdentifier,BackupRetentionPeriod,LatestRestorableTime]'",
  },
  {
    name: "Google Cloud SQL",
    role: "cloudsqladmin",
    restorable:
      "gcloud sql instances describe INSTANCE --format 'value(settings.backupConfiguration)'",
  },
  {
    name: "Azure Database for PostgreSQL",
    role: "azure_pg_admin",
    restorable:
      "az postgres flexible-server show --name SERVER --resource-group GROUP --query backup",
  },
  {
    name: "Neon",
    setting: "neon.timeline_id",
    restorable: "neonctl projects get PROJECT --output json (history_retention_seconds)",
  },
  {
    name: "Supabase",
    role: "supabase_admin",
    restorable: "supabase backups list --project-ref PROJECT",
  },
];

/** The provider whose role or setting is there; undefined for a server of one's own, or an unknown provider's. */
export async function readProvider(database: Queryable): Promise<Provider | undefined> {
  const { rows } = await database.query<{ roles: string[]; settings: string[] }>(
    `SELECT ARRAY(SELECT rolname::pg_catalog.text FROM pg_catalog.pg_roles WHERE rolname = ANY ($1)) AS roles,
            ARRAY(SELECT name FROM pg_catalog.unnest($2::pg_catalog.text[]) AS s(name)
                   WHERE pg_catalog.current_setting(name, true) IS NOT NULL) AS settings`,
    [marks.flatMap(({ role }) => role ?? []), marks.flatMap(({ setting }) => setting ?? [])],
  );
  const { roles, settings } = rows[0]!;
  return marks.find(
    ({ role, setting }) =>
      (role !== undefined && roles.includes(role)) ||
      (setting !== undefined && settings.includes(setting)),
  );
}
