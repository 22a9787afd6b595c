import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Sizes } from "../effects/index.ts";

/** The major version that stands for the target, and what says so. */
export interface TargetVersion {
  readonly major: number;
  /** Undefined when it was asked for, by option or config. */
  readonly because: string | undefined;
}

/** What is taken where nothing says which version the target has. */
const newest = 18;

/**
 * The version of the target: the one that is asked for, that of its exported sizes, its own when it was connected to, that
 * of a server given for scratch, that of the images of Postgres that the checkout names for services, if those agree; else
 * the newest, and it is said so.
 */
export function targetVersion({
  asked,
  sizes,
  connected,
  scratch,
  folders,
}: {
  readonly asked: number | undefined;
  readonly sizes: Sizes | undefined;
  readonly connected: number | undefined;
  /** Of a server that was given for scratch. */
  readonly scratch: number | undefined;
  /** Folders in which images are looked for: the working folder and the root of the checkout. */
  readonly folders: readonly string[];
}): TargetVersion {
  if (asked !== undefined) return { major: asked, because: undefined };
  const measured = Number.parseInt(sizes?.serverVersion ?? "", 10);
  if (isKnown(measured)) return { major: measured, because: "by the exported sizes" };
  if (connected !== undefined && isKnown(connected))
    return { major: connected, because: "the database's own" };
  if (scratch !== undefined && isKnown(scratch))
    return { major: scratch, because: "the scratch server's" };
  const images = imagesIn(folders);
  const majors = new Set(images.map(({ major }) => major));
  const [first] = images;
  if (first !== undefined && majors.size === 1)
    return { major: first.major, because: `${first.file}: ${first.image}` };
  const named = [...new Map(images.map((image) => [image.major, image])).values()].map(
    ({ file, image }) => `${file} has ${image}`,
  );
  const why = named.length === 0 ? "" : `${named.join(", ")}; `;
  return { major: newest, because: `assumed; ${why}--pg says otherwise` };
}

function isKnown(major: number): boolean {
  return major >= 14 && major <= newest;
}

interface Image {
  readonly file: string;
  readonly image: string;
  readonly major: number;
}

/** Images of services, in Compose files and in the jobs of GitHub and GitLab. */
function imagesIn(folders: readonly string[]): readonly Image[] {
  const found: Image[] = [];
  for (const folder of new Set(folders))
    for (const file of [
      ...listed(folder, "").filter((name) => compose.test(name) || name === ".gitlab-ci.yml"),
      ...listed(folder, ".github/workflows").filter((name) => /\.ya?ml$/.test(name)),
    ])
      for (const [, image] of readText(join(folder, file)).matchAll(imageLine)) {
        const major = majorOfImage(image!);
        if (major !== undefined && isKnown(major)) found.push({ file, image: image!, major });
      }
  return found;
}

/** `compose.yaml`, `docker-compose.prod.yml`. */
const compose = /^(?:docker-)?compose(?:[.-][\w.-]+)?\.ya?ml$/;

/** An image in YAML; of GitLab's services also `- postgres:16` and `- name: postgres:16`. */
const imageLine =
  /^[ \t]*(?:-[ \t]+)?(?:(?:image|name):[ \t]*)?["']?((?:[\w.-]+\/)*[\w.-]+:[\w.${}:-]+)["']?[ \t]*(?:#.*)?$/gm;

/** Images whose tags begin with the version of Postgres; others have it behind `pg`. */
const plain: ReadonlySet<string> = new Set(["postgres", "postgresql", "postgis"]);
const withExtensions: ReadonlySet<string> = new Set([
  "pgvector",
  "postgis",
  "timescaledb",
  "timescaledb-ha",
]);

/** `postgres:16-alpine`, `postgres:${PG:-16}`, `pgvector/pgvector:pg16`, `timescale/timescaledb:2.17.2-pg16`. */
function majorOfImage(image: string): number | undefined {
  const colon = image.indexOf(":");
  const [name, tag] = [image.slice(0, colon).split("/").at(-1)!, image.slice(colon + 1)];
  const behind = withExtensions.has(name) ? /(?:^|-)pg(\d{2})(?!\d)/.exec(tag)?.[1] : undefined;
  const ahead = plain.has(name) ? /^(?:\$\{[^}]*:-)?(\d{2})(?=[.\-}]|$)/.exec(tag)?.[1] : undefined;
  const major = Number(behind ?? ahead);
  return Number.isNaN(major) ? undefined : major;
}

/** Names of files, below the folder; none where it cannot be read. */
function listed(folder: string, below: string): readonly string[] {
  try {
    return readdirSync(join(folder, below))
      .toSorted()
      .map((name) => (below === "" ? name : `${below}/${name}`));
  } catch {
    return [];
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
