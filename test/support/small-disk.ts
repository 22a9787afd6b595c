import { execFileSync } from "node:child_process";
import { chownSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serverAccount } from "../../src/scratch/home.ts";

/** A file system of a few megabytes, with a folder in it for a tablespace. */
export interface SmallDisk extends Disposable {
  readonly folder: string;
  /** Leaves this many bytes free. */
  fill(free: number): void;
  /** Takes away again what filled it. */
  empty(): void;
}

/** Undefined where the system lets nobody mount: only root may, and not in every container. */
export function mountSmallDisk(bytes: number): SmallDisk | undefined {
  const point = mkdtempSync(join(tmpdir(), "lockstep-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${bytes},mode=755`, "tmpfs", point], {
      stdio: "ignore",
    });
  } catch {
    rmSync(point, { recursive: true });
    return undefined;
  }
  const folder = join(point, "tablespace");
  const ballast = join(point, "ballast");
  mkdirSync(folder, { mode: 0o700 });
  const { uid, gid } = serverAccount();
  if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid);
  return {
    folder,
    fill: (free) => {
      const { bavail, bsize } = statfsSync(point);
      writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - free), 1));
    },
    empty: () => rmSync(ballast, { force: true }),
    [Symbol.dispose]: () => {
      execFileSync("umount", ["--lazy", point]);
      rmSync(point, { recursive: true });
    },
  };
}
