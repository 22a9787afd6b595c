import { existsSync, mkdirSync, renameSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { introspect, type Catalog } from "../catalog/index.ts";
import { LockstepError } from "../errors/index.ts";
import { bytes, redact, type Session } from "../pg/index.ts";
import { lastWords, runCommand } from "../processes/index.ts";
import { clientUrl } from "./client-url.ts";
import { findClient } from "./clients.ts";
import { requireContents } from "./contents.ts";
import { countRows, type Counts } from "./counts.ts";
import { snapshotFailed } from "./failures.ts";
import type { Made, MakeRequest } from "./request.ts";

/** What lies in the folder of a dump beside pg_dump's own files: what a restored one is compared with. */
export interface DumpManifest {
  readonly version: 1;
  readonly name: string;
  readonly major: number;
  readonly client: string;
  readonly at: string;
  readonly catalog: Catalog;
  readonly counts: Counts;
  readonly roles: readonly string[];
}

export const manifestFile = "lockstep.json";

/**
 * Dumps a database with pg_dump of the server's major or newer, in its directory format, by several connections. The
 * catalog and the number of rows of each table are read in the very snapshot that is dumped. What is half done is in
 * another folder, so that a dump under its name is whole.
 *
 * @throws LockstepError `snapshot-client-missing`, `snapshot-failed`, `file-unwritable`
 */
export async function makeDump(request: MakeRequest): Promise<Made> {
  const { session, settings, name, cwd, env, emit, signal, url } = request;
  const client = await findClient("pg_dump", session.major, env);
  const to = resolve(cwd, settings.to ?? "lockstep-snapshots");
  const [place, partial] = [join(to, name), join(to, `${name}.partial`)];
  makeFolder(to);
  await warnOfSpace(request, to);
  const jobs = settings.jobs ?? 4;
  reserve(place, partial);
  try {
    await session.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    const { rows } = await session.query<{ snapshot: string; at: string; roles: string[] }>(
      `SELECT pg_catalog.pg_export_snapshot() AS snapshot,
              pg_catalog.to_char(pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at,
              ARRAY(SELECT rolname::text FROM pg_catalog.pg_roles WHERE rolname !~ '^pg_' ORDER BY 1) AS roles`,
    );
    const { snapshot, at, roles } = rows[0]!;
    const address = clientUrl(url);
    const dumped = runCommand({
      command: [
        client.path,
        "--format=directory",
        `--jobs=${jobs}`,
        `--file=${partial}`,
        `--snapshot=${snapshot}`,
        "--no-password",
        "--no-subscriptions",
        `--dbname=${address.url}`,
      ],
      cwd,
      env: { ...env, ...address.env, PGAPPNAME: "lockstep/snapshot" },
      emit,
      signal,
      redact: (line) => redact(line, url),
    });
    // While pg_dump works; it is waited for in any case, for its files are taken away when something fails.
    const [read, { ok, ended, tail }] = await Promise.all([settled(facts(session)), dumped]);
    if (!ok)
      throw snapshotFailed(`pg_dump did not come to its end: ${ended}`, lastWords(tail, 6), [
        "correct it, then lockstep snapshot create again",
      ]);
    if ("error" in read) throw read.error;
    const { catalog, counts } = read.value;
    const { major } = session;
    const manifest: DumpManifest = {
      version: 1,
      name,
      major,
      client: client.version,
      at,
      catalog,
      counts,
      roles,
    };
    const files = await requireContents(partial, major, env);
    writeFileSync(join(partial, manifestFile), `${JSON.stringify(manifest)}\n`);
    renameSync(partial, place);
    const tables = Object.keys(counts).length;
    const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
    return {
      place,
      says: [
        `pg_dump ${client.version}, ${jobs} connections: ${tables} tables, ${total} rows`,
        `pg_restore reads its contents, and finds the rows of ${files} of ${files} tables`,
        "roles and other databases of the server are not in it",
      ],
      notKnown: [`whether it can be restored: lockstep snapshot verify ${name} tries it`],
      restore: `pg_restore --jobs ${jobs} --dbname NEW ${place}`,
    };
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw error;
  } finally {
    await session.query("ROLLBACK").catch(() => {});
  }
}

/** In the snapshot of the transaction that is open on the session. */
async function facts(session: Session) {
  const catalog = await introspect(session, { transaction: "caller" });
  return { catalog, counts: await countRows(session) };
}

async function settled<Value>(work: Promise<Value>) {
  return work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}

function makeFolder(to: string): void {
  try {
    mkdirSync(to, { recursive: true });
  } catch (error) {
    throw new LockstepError(
      "file-unwritable",
      {
        what: `${to} cannot be made`,
        expected: "a folder in which dumps are put",
        found: (error as Error).message,
        next: ["name another one: deploy.snapshot.to in the config, or --to"],
      },
      { cause: error },
    );
  }
}

/**
 * Takes a name: what another command makes or has made under it stays as it is. pg_dump takes a folder that is there and empty.
 * @throws LockstepError `snapshot-failed`
 */
function reserve(place: string, partial: string): void {
  if (existsSync(place))
    throw snapshotFailed(`there is a dump at ${place} already`, "a folder of this name", [
      "give this one another name: lockstep snapshot create --name NAME",
    ]);
  try {
    mkdirSync(partial);
  } catch (error) {
    throw snapshotFailed(`${partial} cannot be made`, (error as Error).message, [
      "where it is there: another command fills it now, or one was killed. Wait for the one, remove what the other left",
      "or give this one another name: lockstep snapshot create --name NAME",
    ]);
  }
}

/** A dump is compressed, mostly to less than the database: less room than that is worth a word. */
async function warnOfSpace({ session, emit }: MakeRequest, to: string): Promise<void> {
  const { rows } = await session.query<{ size: string }>(
    "SELECT pg_catalog.pg_database_size(pg_catalog.current_database()) AS size",
  );
  const size = Number(rows[0]!.size);
  const { bavail, bsize } = statfsSync(to);
  if (bavail * bsize < size)
    emit({
      type: "notice",
      severity: "warning",
      message: `${to} has ${bytes(bavail * bsize)} left, the database has ${bytes(size)}: the dump may not fit`,
    });
}
