import { readFileSync } from "node:fs";
import { join } from "node:path";
import { diff, introspect } from "../catalog/index.ts";
import type { Emit } from "../events/index.ts";
import { LockstepError } from "../errors/index.ts";
import { redact, Session } from "../pg/index.ts";
import { lastWords, runCommand } from "../processes/index.ts";
import type { Scratch } from "../scratch/index.ts";
import { clientUrl } from "./client-url.ts";
import { findClient } from "./clients.ts";
import { countRows } from "./counts.ts";
import { manifestFile, type DumpManifest } from "./dump.ts";
import { keepRestored, tableBytes } from "./restored.ts";

export interface VerifyRequest {
  /** The folder of a dump. */
  readonly place: string;
  readonly jobs?: number | undefined;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly scratch: (major: number) => Promise<Scratch>;
  readonly emit: Emit;
  readonly signal?: AbortSignal | undefined;
}

/** What a restored dump is, compared with what was dumped. */
export interface Verified {
  readonly name: string;
  readonly at: string;
  readonly major: number;
  readonly tables: number;
  readonly rows: number;
  /** Where it differs, one line each; none for a dump that is whole. */
  readonly differences: readonly string[];
  /** Of all, how long pg_restore took. */
  readonly restoreMs: number;
  readonly ms: number;
}

/**
 * Restores a dump onto scratch, a server of the major that it came from, and compares the catalog and the number of rows
 * of each table with those of the snapshot that was dumped.
 *
 * @throws LockstepError `snapshot-unreadable`, `snapshot-client-missing`, `snapshot-failed` when it cannot be restored
 */
export async function verifyDump(request: VerifyRequest): Promise<Verified> {
  const { place, cwd, env, emit, signal, jobs = 4 } = request;
  const manifest = readManifest(place);
  const client = await findClient("pg_restore", manifest.major, env);
  const scratch = await request.scratch(manifest.major);
  await scratch.createRoles(manifest.roles);
  const database = await scratch.createDatabase();
  const began = performance.now();
  try {
    const address = clientUrl(database.url);
    const { ok, ended, tail } = await runCommand({
      command: [
        client.path,
        `--jobs=${jobs}`,
        "--exit-on-error",
        "--no-password",
        "--no-subscriptions",
        `--dbname=${address.url}`,
        place,
      ],
      cwd,
      env: { ...env, ...address.env },
      emit,
      signal,
      redact: (line) => redact(line, database.url),
    });
    if (!ok) {
      if (signal?.aborted === true) throw stopped();
      throw notRestored(manifest, ended, lastWords(tail, 6));
    }
    const restoreMs = Math.round(performance.now() - began);
    await using session = await Session.open({
      url: database.url,
      applicationName: "lockstep/snapshot",
    });
    const found = await diff(manifest.catalog, await introspect(session));
    const counts = await countRows(session);
    const tables = await tableBytes(session);
    const differences = [
      ...found.map(({ kind, object }) => `${object}: ${kind.replaceAll("-", " ")}`),
      ...[...new Set([...Object.keys(manifest.counts), ...Object.keys(counts)])]
        .filter((table) => manifest.counts[table] !== counts[table])
        .map(
          (table) =>
            `${table}: ${rows(counts[table])}, and ${rows(manifest.counts[table])} were dumped`,
        ),
    ];
    const { name } = manifest;
    const at = new Date().toISOString();
    if (differences.length === 0)
      keepRestored(place, { version: 1, name, at, ms: restoreMs, jobs, tables });
    return {
      name,
      at: manifest.at,
      major: manifest.major,
      tables: Object.keys(counts).length,
      rows: Object.values(counts).reduce((sum, count) => sum + count, 0),
      differences,
      restoreMs,
      ms: Math.round(performance.now() - began),
    };
  } finally {
    await database.drop();
  }
}

function rows(count: number | undefined): string {
  return count === undefined ? "no table" : `${count} rows`;
}

function readManifest(place: string): DumpManifest {
  try {
    const manifest = JSON.parse(readFileSync(join(place, manifestFile), "utf8")) as DumpManifest;
    if (manifest.version !== 1) throw new Error(`version ${String(manifest.version)}`);
    return manifest;
  } catch (error) {
    throw new LockstepError(
      "snapshot-unreadable",
      {
        what: `${place} is not a dump that lockstep snapshot made, or not the whole of it`,
        expected: `a folder with ${manifestFile} in it`,
        found: (error as Error).message,
        from: place,
        why: "it was moved, made by another program, or is on another machine",
        next: ["lockstep snapshot list: where each is"],
      },
      { cause: error },
    );
  }
}

function notRestored({ name, major }: DumpManifest, ended: string, said: string): LockstepError {
  return new LockstepError("snapshot-failed", {
    what: `${name} cannot be restored onto scratch: ${ended}`,
    expected: `every object and row of it on a Postgres ${major}`,
    found: said,
    why: "files of it are damaged or missing, or scratch lacks an extension that it needs",
    next: [
      "make another one: lockstep snapshot create",
      "or name a server that has what is missing: --scratch-url postgres://…",
    ],
  });
}

function stopped(): LockstepError {
  return new LockstepError("run-cancelled", {
    what: "the verification was stopped on request",
    found: "the dump is as it was",
    next: ["lockstep snapshot verify, again"],
  });
}
