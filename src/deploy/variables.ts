import { exec } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseEnv, promisify } from "node:util";
import type { VariableSource } from "../config/index.ts";
import { LockstepError } from "../errors/index.ts";

type Variables = Readonly<Record<string, string | undefined>>;

const commandLimitMs = 60_000;

/**
 * The environment variables that a release will have (B7), undefined when they are not to be looked at. Their values
 * are compared with nothing and shown nowhere.
 *
 * @throws LockstepError `config-invalid` when the file cannot be read or the command fails
 */
export async function readVariables(
  source: VariableSource,
  options: { readonly cwd: string; readonly env: Variables },
): Promise<Variables | undefined> {
  if (source === false) return undefined;
  if (source === "process") return options.env;
  if ("file" in source) {
    try {
      return parseEnv(readFileSync(resolve(options.cwd, source.file), "utf8"));
    } catch (error) {
      throw unreadable(`the file ${source.file} cannot be read`, error, "deploy.env.file");
    }
  }
  try {
    const { stdout } = await promisify(exec)(source.command, {
      cwd: options.cwd,
      env: options.env,
      timeout: commandLimitMs,
      maxBuffer: 16_000_000,
    });
    return listed(stdout);
  } catch (error) {
    throw unreadable("the command that lists them failed", error, "deploy.env.command");
  }
}

/** Lines `NAME=value`, `export NAME=value` or `NAME` alone, which stands for a value that is kept secret. */
function listed(text: string): Variables {
  const found: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    const parts = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*(?:=(.*))?$/.exec(line.trim());
    if (parts !== null) found[parts[1]!] = parts[2] ?? "set";
  }
  return found;
}

/** Nothing the command printed is repeated: it may hold every secret of the release. */
function unreadable(what: string, error: unknown, from: string): LockstepError {
  const { code, killed } = error as { readonly code?: string | number; readonly killed?: boolean };
  return new LockstepError(
    "config-invalid",
    {
      what: `the environment variables of the release are not known: ${what}`,
      expected: "NAME=value lines",
      found:
        killed === true
          ? `no end within ${commandLimitMs / 1_000} s`
          : `exit or error code ${code ?? "unknown"}`,
      from: `"${from}" of the config`,
      next: [`correct "${from}", or set "deploy.env" to false and look yourself`],
    },
    { cause: error },
  );
}
