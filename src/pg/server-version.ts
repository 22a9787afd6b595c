import { Session, type SessionOptions } from "./session.ts";

/** Version of the server at an address: `18.1`. */
export async function serverVersion(options: SessionOptions): Promise<string> {
  await using session = await Session.open(options);
  return session.serverVersion;
}
