import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { findClient } from "./clients.ts";
import { snapshotFailed } from "./failures.ts";

/**
 * Reads the contents of a dump as pg_restore does, and looks whether each file of rows that they name is there.
 * @returns how many there are
 * @throws LockstepError `snapshot-failed`, `snapshot-client-missing`
 */
export async function requireContents(
  place: string,
  major: number,
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const { path } = await findClient("pg_restore", major, env);
  const listed = await new Promise<string>((resolve, reject) => {
    execFile(
      path,
      ["--list", place],
      { env: { ...env }, maxBuffer: 2 ** 28 },
      (error, out, said) => {
        if (error === null) resolve(out);
        else reject(unreadable(place, said.trim() || error.message));
      },
    );
  });
  const files = new Set(readdirSync(place).map((file) => file.replace(/\..*$/, "")));
  const wanted = [...listed.matchAll(/^(\d+); \d+ \d+ TABLE DATA (.*)$/gm)];
  const missing = wanted.filter(([, id]) => !files.has(id!));
  if (missing.length > 0)
    throw unreadable(place, `no rows of ${missing.map(([, , table]) => table).join(", ")}`);
  return wanted.length;
}

function unreadable(place: string, found: string) {
  return snapshotFailed(`pg_restore does not find a whole dump in ${place}`, found, [
    "look whether the disk is full, then lockstep snapshot create again",
  ]);
}
