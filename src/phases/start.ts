import {
  diff,
  fingerprint,
  introspect,
  type Catalog,
  type Difference,
  type PartialCatalog,
} from "../catalog/index.ts";
import { LockstepError } from "../errors/index.ts";
import type { Session } from "../pg/index.ts";
import { isProven, type PlanFolder } from "../plan/index.ts";
import type { Migration } from "../tools/index.ts";

/**
 * Looks whether a plan is for this database and was proven as it is now.
 * @returns the fingerprint of what it starts from
 * @throws LockstepError `plan-unproven`, `plan-outdated` with each difference
 */
export async function requireStart(
  session: Session,
  folder: PlanFolder,
  migration: Migration,
): Promise<string> {
  requireProven(folder, session.major);
  const { manifest, path } = folder;
  if (manifest.migration.checksum !== migration.checksum)
    throw outdated(folder, {
      what: `${path} was made for another text of ${migration.file}`,
      expected: `sha256 ${manifest.migration.checksum}`,
      found: `sha256 ${migration.checksum}`,
      from: `${path}/plan.json`,
      why: "the migration was edited after its plan was made",
    });
  const differences = await startDifferences(session, manifest.start);
  if (differences.length > 0)
    throw outdated(folder, {
      what: `plan ${manifest.id} was made for another start than this database's`,
      expected: "the tables that it touches as they were when it was made",
      found: differences.map(sentence).join("\n"),
      from: `${path}/plan.json`,
      why: "something was changed since by another migration or by hand, or the plan was made on another branch",
    });
  return fingerprint(manifest.start, compared);
}

/** @throws LockstepError `plan-unproven` */
export function requireProven(folder: PlanFolder, major: number): void {
  const { manifest, path } = folder;
  const { proof } = manifest;
  const isOther = proof !== null && manifest.major !== major;
  if (isProven(folder) && !isOther) return;
  const failures = proof?.result.failures ?? [];
  const isEdited = proof !== null && proof.files !== folder.checksum;
  throw new LockstepError("plan-unproven", {
    what: `plan ${manifest.id} is not proven`,
    expected: `a proof of the files of ${path} as they are now, on Postgres ${major}`,
    found:
      proof === null
        ? "no proof"
        : isEdited
          ? "a proof of other files: they were edited since"
          : isOther
            ? `a proof on Postgres ${manifest.major}`
            : failures
                .map(({ step, what }) =>
                  step === null ? what : `${step.phase} ${step.number}: ${what}`,
                )
                .join("\n"),
    from: `${path}/plan.json`,
    why: "what was not tried on scratch is not run against a live database",
    next: [`lockstep plan --prove ${path}${isOther ? ` --pg ${major}` : ""}`],
  });
}

const compared = { columnOrder: false } as const;

/** What a plan never depends on. */
const unimportant: ReadonlySet<Difference["kind"]> = new Set(["comment-changed", "grants-changed"]);

async function startDifferences(
  session: Session,
  start: PartialCatalog<"tables">,
): Promise<readonly Difference[]> {
  const live = await introspect(session, { parts: ["tables"] });
  const names = new Set(Object.keys(start.tables));
  const tables = Object.fromEntries(
    Object.entries(live.tables).filter(([name]) => names.has(name)),
  ) as Catalog["tables"];
  const found = await diff(start, { ...live, tables }, compared);
  return found.filter(({ kind }) => !unimportant.has(kind));
}

function sentence({ kind, object, before, after }: Difference): string {
  if (kind.startsWith("extra-")) return `${object}: it is there and was not (${words(kind)})`;
  if (kind.startsWith("missing-")) return `${object}: it was there and is not (${words(kind)})`;
  return `${object}: ${words(kind)} from ${JSON.stringify(before)} to ${JSON.stringify(after)}`;
}

function words(kind: string): string {
  return kind.replace(/^(?:extra|missing)-/, "").replaceAll("-", " ");
}

function outdated(
  { manifest, path }: PlanFolder,
  say: Omit<ConstructorParameters<typeof LockstepError>[1], "next">,
): LockstepError {
  return new LockstepError("plan-outdated", {
    ...say,
    next: [`make it again: remove ${path}, then lockstep plan ${manifest.migration.file}`],
  });
}
