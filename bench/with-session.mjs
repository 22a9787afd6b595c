import { Session } from "../dist/pg/index.js";

/** Opens a session for as long as `use` takes. */
export async function withSession(url, use) {
  const session = await Session.open({ url, applicationName: "bench" });
  try {
    return await use(session);
  } finally {
    await session.close();
  }
}
