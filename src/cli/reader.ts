import { limitWaits } from "../deploy/index.ts";
import { Session } from "../pg/index.ts";

/**
 * A session for a command that only looks. Printing some definitions opens their tables, so it would wait behind a
 * rewrite for as long as that takes, and a role's own statement_timeout may be one for web requests.
 */
export async function openReader(url: string, command: string): Promise<Session> {
  const session = await Session.open({ url, applicationName: `lockstep/${command}` });
  await limitWaits(session, { lock: "15s", statement: "5min" });
  return session;
}
