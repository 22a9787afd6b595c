import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A folder of the given files that is removed at the end of its scope. */
export interface TemporaryFolder extends Disposable {
  readonly path: string;
  write(file: string, content: string | Uint8Array): void;
}

export function temporaryFolder(
  files: Readonly<Record<string, string | Uint8Array>> = {},
): TemporaryFolder {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "lockstep-test-")));
  const write = (file: string, content: string | Uint8Array) => {
    mkdirSync(dirname(join(path, file)), { recursive: true });
    writeFileSync(join(path, file), content);
  };
  for (const [file, content] of Object.entries(files)) write(file, content);
  return {
    path,
    write,
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}
