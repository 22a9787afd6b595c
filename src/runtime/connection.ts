/** Runs one statement with text parameters and gives its rows. */
export type Query = (
  text: string,
  parameters: readonly string[],
) => Promise<readonly Readonly<Record<string, unknown>>[]>;

type Call = (text: string, ...parameters: readonly unknown[]) => Promise<unknown>;

/**
 * The application's own connection: a pg Client or Pool, postgres.js, a Drizzle database over one of them, or a
 * Prisma client. Recognised by what it can do.
 * @throws TypeError for anything else
 */
export function queryOf(database: unknown): Query {
  const db = database as Readonly<Record<string, unknown>> | null | undefined;
  if (db !== null && db !== undefined) {
    const raw = db["$queryRawUnsafe"];
    if (typeof raw === "function")
      return async (text, parameters) => rowsOf(await (raw as Call).call(db, text, ...parameters));
    const { unsafe } = db;
    if (typeof unsafe === "function")
      return async (text, parameters) => rowsOf(await (unsafe as Call).call(db, text, parameters));
    if (db["$client"] !== undefined) return queryOf(db["$client"]);
    const { query } = db;
    if (typeof query === "function")
      return async (text, parameters) => rowsOf(await (query as Call).call(db, text, parameters));
  }
  throw new TypeError(
    "lockstep/runtime needs the application's connection: a pg Client or Pool, postgres.js, a Drizzle database or a Prisma client",
  );
}

function rowsOf(result: unknown): readonly Readonly<Record<string, unknown>>[] {
  const rows = Array.isArray(result) ? result : (result as { rows?: unknown }).rows;
  return Array.isArray(rows) ? rows : [];
}
