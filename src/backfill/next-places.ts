import type { Session } from "../pg/index.ts";
import type { Cursor } from "./cursor.ts";
import type { Job, Range } from "./job.ts";
import { startOver, type Pass } from "./pass.ts";
import { cursorAt, fileOf, placeOf, type FoundFile } from "./place.ts";

/** A range that is still to be made. */
export type NextRange = Pick<Range, "relation" | "file" | "upto"> & {
  readonly above: Cursor | null;
};

/** A file of the pass as it is now. When it is not what it was when the pass began, it is given up, and the pass is another. */
export async function standingFile(
  session: Session,
  job: Job,
  pass: Pass,
  file: number,
): Promise<{ readonly pass: Pass; readonly now: FoundFile | undefined }> {
  const { oid, node } = pass.files[file]!;
  const now = await fileOf(session, oid);
  if (now?.node === node) return { pass, now };
  return { pass: await startOver(session, job, pass, file, now), now: undefined };
}

/** The next blocks, of about so many rows; undefined when all files are gone through. */
export async function nextPlaces(
  session: Session,
  job: Job,
  began: Pass,
  frontier: Cursor | null,
  rows: number,
): Promise<NextRange | undefined> {
  let pass = began;
  let { file, block } = frontier === null ? { file: 0, block: 0 } : placeOf(frontier);
  for (; file < pass.files.length; file++, block = 0) {
    const { blocks } = pass.files[file]!;
    if (block >= blocks) continue;
    const standing = await standingFile(session, job, pass, file);
    ({ pass } = standing);
    const { now } = standing;
    if (now === undefined) continue;
    const end = Math.min(blocks, block + Math.max(1, Math.round(rows / pass.density)));
    return {
      relation: now.relation,
      file: now,
      above: cursorAt(file, block),
      upto: cursorAt(file, end),
    };
  }
  return undefined;
}
