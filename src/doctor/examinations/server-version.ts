import type { Diagnosis, Examination } from "../examination.ts";

/** The day of a major's last release (https://www.postgresql.org/support/versioning/). */
const finalRelease: Readonly<Record<number, string>> = {
  14: "2026-11-12",
  15: "2027-11-11",
  16: "2028-11-09",
  17: "2029-11-08",
  18: "2030-11-14",
};

/** The newest minor release of each major that this version of Lockstep was tried on. */
export const knownMinor: Readonly<Record<number, number>> = {
  14: 23,
  15: 18,
  16: 14,
  17: 10,
  18: 4,
};

const halfYearMs = 182 * 86_400_000;

export const serverVersion: Examination = {
  name: "server-version",
  question: "Does the server still get fixes, and has it got them?",
  async examine({ database, facts: { major }, now }) {
    const { rows } = await database.query<{ minor: number }>(
      "SELECT pg_catalog.current_setting('server_version_num')::pg_catalog.int4 % 10000 AS minor",
    );
    const { minor } = rows[0]!;
    return diagnoseVersion(major, minor, now);
  },
};

/** What a release means on a day. */
export function diagnoseVersion(major: number, minor: number, now: Date): readonly Diagnosis[] {
  const found = `PostgreSQL ${major}.${minor}`;
  const end = finalRelease[major];
  const all: Diagnosis[] = [];
  if (end !== undefined) {
    const left = Date.parse(end) - now.getTime();
    if (left < 0)
      all.push({
        verdict: "danger",
        found: `${found}; its last release was on ${end}`,
        means:
          "faults that are found now, those that lose data among them, are corrected in newer majors only",
        next: ["upgrade to a newer major: pg_upgrade, or the provider's way"],
      });
    else if (left < halfYearMs)
      all.push({
        verdict: "warning",
        found: `${found}; its last release is on ${end}`,
        means: "after that day nothing is corrected any more",
        next: ["plan the upgrade to a newer major"],
      });
  }
  const known = knownMinor[major];
  if (known !== undefined && minor < known)
    all.push({
      verdict: "warning",
      found: `${found}; ${major}.${known} is out`,
      means:
        "faults are open that were corrected since; a minor release needs a restart and nothing else",
      next: [`update the server's packages to ${major}.${known} or newer, and restart it`],
    });
  return all.length > 0 ? all : [{ verdict: "ok", found }];
}
