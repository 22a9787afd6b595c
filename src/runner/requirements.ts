import {
  readServerFacts,
  refuseTransactionPooler,
  requireWritable,
  type Session,
} from "../pg/index.ts";
import { sessionName } from "./session-names.ts";

/**
 * Looks at what must be so before anything is written.
 * @throws LockstepError `database-unsupported`, `database-read-only`, `pooler-transaction-mode`
 */
export async function requireUsable(session: Session, url: string, run: string): Promise<void> {
  const [facts] = await Promise.all([
    readServerFacts(session),
    refuseTransactionPooler({ url, applicationName: sessionName(run, "preflight") }),
  ]);
  requireWritable(facts, session.where);
}
