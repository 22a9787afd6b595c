import type { Session } from "../pg/index.ts";
import type { FillResult } from "./rows/index.ts";

/** Puts rows into every empty table (see `rows/fill.ts`). Its code is loaded only then: a prediction needs none of it. */
export async function fillTables(session: Session, rows: number): Promise<FillResult> {
  const made = await import("./rows/index.ts");
  return made.fillTables(session, rows);
}
