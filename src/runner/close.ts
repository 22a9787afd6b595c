import type { Session } from "../pg/index.ts";
import { within } from "./pause.ts";

/** Closes a session, without waiting for a server that is out of reach. */
export async function closeSoon(session: Session): Promise<void> {
  await within(2_000, session.close()).catch(() => {});
}

/** Closes a session so at the end of a scope. */
export function closing(session: Session): AsyncDisposable {
  return { [Symbol.asyncDispose]: async () => closeSoon(session) };
}
