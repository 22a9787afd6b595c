import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { clientMissing } from "./failures.ts";

/** A client program that was found on this machine. */
export interface Client {
  readonly path: string;
  readonly major: number;
  readonly version: string;
}

/** Folders beside PATH in which packages put the clients of each major; `*` is one part of a path. */
const packaged: readonly string[] = [
  "/usr/lib/postgresql/*/bin",
  "/usr/pgsql-*/bin",
  "/opt/homebrew/opt/postgresql@*/bin",
  "/opt/homebrew/opt/libpq/bin",
  "/usr/local/opt/postgresql@*/bin",
  "/usr/local/opt/libpq/bin",
  "/Applications/Postgres.app/Contents/Versions/*/bin",
];

/**
 * Finds pg_dump or pg_restore of the server's major or a newer one, the nearest: pg_dump refuses newer servers than itself.
 * @throws LockstepError `snapshot-client-missing`, with what is there and how to install what is needed
 */
export async function findClient(
  program: "pg_dump" | "pg_restore",
  major: number,
  env: Readonly<Record<string, string | undefined>>,
  folders: readonly string[] = packaged,
): Promise<Client> {
  const found: Client[] = [];
  const inPath = (env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  for (const folder of [...inPath, ...folders.flatMap(expand)]) {
    const client = await ask(join(folder, program));
    if (client !== undefined) found.push(client);
  }
  const [fitting] = found
    .filter((client) => client.major >= major)
    .toSorted((a, b) => a.major - b.major);
  if (fitting !== undefined) return fitting;
  throw clientMissing(
    `there is no ${program} of Postgres ${major} or newer`,
    found.length === 0
      ? `no ${program}`
      : [...new Set(found.map(({ path, version }) => `${path}: ${version}`))].join("\n"),
    [
      `Debian, Ubuntu: apt-get install postgresql-client-${major} (from apt.postgresql.org where the release is older)`,
      `Red Hat: dnf install postgresql${major}; macOS: brew install postgresql@${major}`,
    ],
  );
}

/** The folders that a pattern with one `*` stands for. */
function expand(pattern: string): readonly string[] {
  const star = pattern.indexOf("*");
  if (star === -1) return [pattern];
  const from = pattern.lastIndexOf("/", star);
  const to = pattern.indexOf("/", star);
  const [head, tail] = [pattern.slice(from + 1, star), pattern.slice(star + 1, to)];
  try {
    return readdirSync(pattern.slice(0, from))
      .filter((name) => name.startsWith(head) && name.endsWith(tail))
      .map((name) => join(pattern.slice(0, from), name, pattern.slice(to)));
  } catch {
    return [];
  }
}

async function ask(path: string): Promise<Client | undefined> {
  return new Promise((resolve) => {
    execFile(path, ["--version"], { timeout: 10_000 }, (error, stdout) => {
      const [, version, major] = /\(PostgreSQL\) ((\d+)\S*)/.exec(stdout) ?? [];
      if (error !== null || version === undefined) resolve(undefined);
      else resolve({ path, version, major: Number(major) });
    });
  });
}
