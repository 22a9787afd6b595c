import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { LockstepError, packageRoot } from "../../errors/index.ts";
import type { Style } from "../../report/index.ts";
import { startScratch, type Scratch } from "../../scratch/index.ts";
import { styleOf, type Context } from "../context.ts";

export interface DemoCommandOptions {
  readonly fast?: boolean;
}

/** What `examples/incidents/demo.ts` exports; it is built beside the package and no part of it. */
interface DemoModule {
  playDemo(options: {
    readonly server: Scratch;
    readonly write: (text: string) => unknown;
    readonly style: Style;
    readonly live: boolean;
    readonly fast: boolean;
    readonly signal: AbortSignal;
  }): Promise<boolean>;
}

/**
 * `lockstep demo`: plays the incidents of `examples/incidents` on an embedded Postgres. Exit code 0 only when each
 * of them behaved as told; 1 when one did not; 130 after Ctrl-C, with nothing left behind.
 * @throws LockstepError `usage` where the package was installed without its examples
 */
export async function demoCommand(options: DemoCommandOptions, context: Context): Promise<number> {
  const demo = await loadDemo();
  const live = context.stdout.isTTY === true;
  try {
    await using server = await startScratch();
    const asTold = await demo.playDemo({
      server,
      write: (text) => context.stdout.write(text),
      style: styleOf(context, context.stdout),
      live,
      fast: options.fast === true || !live,
      signal: context.signal,
    });
    return asTold ? 0 : 1;
  } catch (error) {
    if (!context.signal.aborted) throw error;
    context.stderr.write("\nstopped; nothing is left behind\n");
    return 130;
  }
}

async function loadDemo(): Promise<DemoModule> {
  const root = packageRoot();
  const built = join(root, "examples", ".build", "incidents", "demo.js");
  if (existsSync(built)) return (await import(pathToFileURL(built).href)) as DemoModule;
  throw new LockstepError("usage", {
    what: "the demo is not here",
    expected: "the examples of Lockstep's repository, built",
    found: `no ${built}`,
    why: existsSync(join(root, "examples"))
      ? "the examples were not built yet"
      : "the package is installed without its examples",
    next: existsSync(join(root, "examples"))
      ? ["npm run demo"]
      : ["clone Lockstep's repository, then: npm ci && npm run demo"],
  });
}
