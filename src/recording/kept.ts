import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { version } from "../errors/index.ts";
import { keptFiles } from "../scratch/index.ts";
import type { Attributed } from "./attribute.ts";
import { filesBelow } from "./files.ts";
import type { RecordRequest } from "./record.ts";

/** What one migration sent, as it is kept. */
export interface KeptMigration {
  /** As the ledger names it. */
  readonly name: string;
  /** Relative to the working folder; undefined when the project has none for it. */
  readonly file: string | undefined;
  readonly sql: string;
  readonly sent: Attributed["sent"];
}

/** To be raised when a recording comes out otherwise. */
const format = 1;

/** Which versions of the tool and its driver are installed. */
const locks = [
  "package.json",
  "package-lock.json",
  "pnpm-lock.yaml",
  "yarn.lock",
  "bun.lock",
  "requirements.txt",
  "poetry.lock",
  "uv.lock",
  "Gemfile.lock",
  "mix.lock",
  "go.sum",
];

/** Equal keys: the same command, the same bytes of every file that decides what it sends. */
export function recordingKey({ folder, cwd, urlVariables, scratch }: RecordRequest): string {
  const { command, settings, nameColumns, ownTables, cwd: place } = folder.program!;
  const hash = createHash("sha256");
  const { schema, table } = folder.ledger!;
  const said = { format, version: version(), command, nameColumns, ownTables, schema, table };
  hash.update(
    JSON.stringify({ ...said, tool: folder.tool, place, urlVariables, major: scratch.major }),
  );
  const root = resolve(cwd, folder.path);
  const files = [
    ...filesBelow(root).map((file) => join(root, file)),
    ...settings,
    ...programsIn(place),
    ...programsIn(dirname(root)),
    ...above(place).flatMap((at) => locks.map((name) => join(at, name))),
  ];
  for (const file of files) {
    const bytes = bytesOf(file);
    if (bytes !== undefined) hash.update(JSON.stringify([file, bytes.length])).update(bytes);
  }
  return hash.digest("hex");
}

/** Files that may tell the tool what to do: those beside the migrations, and where the command is run. */
function programsIn(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(
      (entry) => entry.isFile() && /\.(?:[cm]?[jt]s|json|py|rb|ini|toml|ya?ml)$/.test(entry.name),
    )
    .map(({ name }) => join(folder, name));
}

/** A folder and those around it. */
function above(folder: string): readonly string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...above(parent)];
}

function bytesOf(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    // Most of them are not there.
    return undefined;
  }
}

export function readKept(
  key: string,
  env: RecordRequest["env"],
): readonly KeptMigration[] | undefined {
  const bytes = keptFiles("recordings", env)?.read(key);
  return bytes && (JSON.parse(bytes.toString("utf8")) as readonly KeptMigration[]);
}

export function writeKept(
  key: string,
  migrations: readonly KeptMigration[],
  env: RecordRequest["env"],
): void {
  keptFiles("recordings", env)?.write(key, Buffer.from(JSON.stringify(migrations)));
}
