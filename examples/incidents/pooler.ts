/** A connection pooler in transaction mode before the database, as hosting providers put one there. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { startPgBouncer } from "./pgbouncer.ts";
import { startStandIn } from "./pooler-stand-in.ts";

export interface Pooler extends AsyncDisposable {
  /** The database through the pooler. */
  readonly url: string;
  /** `PgBouncer 1.18.0`, or that it is a stand-in. */
  readonly name: string;
  readonly real: boolean;
  /** Ends it at once, for the end of the process. */
  kill(): void;
}

export interface PoolerOptions {
  /** The database itself. */
  readonly url: string;
  /** Server connections at most. Default 4. */
  readonly size?: number;
}

/** PgBouncer where it is installed, the stand-in where not. */
export async function startPooler(options: PoolerOptions): Promise<Pooler> {
  const program = findPgBouncer();
  return program === undefined ? startStandIn(options) : startPgBouncer(program, options);
}

/** The installed program: on PATH, or where packages put services. */
export function findPgBouncer(
  path = process.env["PATH"] ?? "",
  elsewhere: readonly string[] = ["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin"],
): string | undefined {
  return [...path.split(delimiter), ...elsewhere]
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, "pgbouncer"))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
