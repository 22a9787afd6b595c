import type { Session } from "../../pg/index.ts";
import type { World } from "./model.ts";

/**
 * The catalog of a live database, as complete as the session's own view of it: see `read/read-world.ts`, which is loaded
 * only here, as a prediction from files alone needs none of it.
 */
export async function readWorld(session: Session): Promise<World> {
  const reading = await import("./read/read-world.ts");
  return reading.readWorld(session);
}
