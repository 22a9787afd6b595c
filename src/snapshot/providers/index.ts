import type { SnapshotWay } from "../model.ts";
import { awsAurora } from "./aws-aurora.ts";
import { awsRds } from "./aws-rds.ts";
import { cloudSql } from "./cloud-sql.ts";
import { neon } from "./neon.ts";
import type { Provider } from "./provider.ts";
import { supabase } from "./supabase.ts";

/** Every provider, by its name in the settings. */
export const providers: Readonly<
  Record<Exclude<SnapshotWay, "dump" | "restore-point" | "command">, Provider>
> = {
  "aws-rds": awsRds,
  "aws-aurora": awsAurora,
  "cloud-sql": cloudSql,
  neon,
  supabase,
};
