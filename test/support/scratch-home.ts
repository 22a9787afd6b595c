import { chmodSync, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";

/** Where Linux keeps files in memory. */
const memory = "/dev/shm";
const enough = 6 * 2 ** 30;

/**
 * Scratch servers of a run of the tests live in memory where there is room: they are made and thrown away by the
 * thousand, and a third of the run's system time would be the file system's.
 */
export default function setUp(): (() => void) | undefined {
  if (process.env["LOCKSTEP_SCRATCH_HOME"] !== undefined || !hasRoom()) return undefined;
  const home = mkdtempSync(join(memory, "lockstep-test-"));
  // As root, servers run as another user, who has to get through.
  chmodSync(home, 0o711);
  process.env["LOCKSTEP_SCRATCH_HOME"] = home;
  return () => {
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  };
}

function hasRoom(): boolean {
  try {
    const { bavail, bsize } = statfsSync(memory);
    return bavail * bsize >= enough;
  } catch {
    return false;
  }
}
