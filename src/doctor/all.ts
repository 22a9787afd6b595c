import { autovacuum } from "./examinations/autovacuum.ts";
import { collations } from "./examinations/collations.ts";
import { connection } from "./examinations/connection.ts";
import { connections } from "./examinations/connections.ts";
import { disk } from "./examinations/disk.ts";
import { duplicateIndexes } from "./examinations/duplicate-indexes.ts";
import { durability } from "./examinations/durability.ts";
import { invalidIndexes } from "./examinations/invalid-indexes.ts";
import { longTransactions } from "./examinations/long-transactions.ts";
import { notValidConstraints } from "./examinations/not-valid-constraints.ts";
import { pointInTimeRecovery } from "./examinations/point-in-time-recovery.ts";
import { preparedTransactions } from "./examinations/prepared-transactions.ts";
import { privileges } from "./examinations/privileges.ts";
import { publications } from "./examinations/publications.ts";
import { replicas } from "./examinations/replicas.ts";
import { roleSettings } from "./examinations/role-settings.ts";
import { sequences } from "./examinations/sequences.ts";
import { serverVersion } from "./examinations/server-version.ts";
import { slots } from "./examinations/slots.ts";
import { statementStatistics } from "./examinations/statement-statistics.ts";
import { timeouts } from "./examinations/timeouts.ts";
import { waiting } from "./examinations/waiting.ts";
import { wraparound } from "./examinations/wraparound.ts";
import type { Examination } from "./examination.ts";

/** In the order of the report: the way in, who is in the way, the schema, the server, the way back. */
export const all: readonly Examination[] = [
  connection,
  privileges,
  roleSettings,
  timeouts,
  longTransactions,
  preparedTransactions,
  waiting,
  invalidIndexes,
  duplicateIndexes,
  notValidConstraints,
  sequences,
  collations,
  publications,
  autovacuum,
  wraparound,
  connections,
  disk,
  replicas,
  slots,
  statementStatistics,
  durability,
  pointInTimeRecovery,
  serverVersion,
];
