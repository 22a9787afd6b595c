import { LockstepError, suggest } from "../errors/index.ts";
import type { DeployConfig, LockstepConfig } from "./define-config.ts";

/** An environment chosen from the config, its deploy settings laid over the common ones. */
export interface ChosenEnvironment {
  readonly name: string;
  readonly url: string;
  readonly deploy: DeployConfig;
}

/**
 * The environment to work on: `wanted`, else `LOCKSTEP_ENV`, else the only one. Its URL is the option's, else its own,
 * else `LOCKSTEP_DATABASE_URL`. Without any environment it is called `default`.
 *
 * @throws LockstepError `usage` for an unknown or ambiguous name, a URL that is not set, or an environment's own URL and
 * another in `LOCKSTEP_DATABASE_URL`: what is done there would be recorded under the wrong name
 */
export function chooseEnvironment(
  config: LockstepConfig,
  options: { readonly env?: string | undefined; readonly url?: string | undefined },
  variables: Readonly<Record<string, string | undefined>>,
): ChosenEnvironment {
  const environments = config.environments ?? {};
  const known = Object.keys(environments);
  const wanted =
    options.env ?? (variables["LOCKSTEP_ENV"] || (known.length === 1 ? known[0] : undefined));
  const common = variables["LOCKSTEP_DATABASE_URL"] || undefined;
  if (wanted === undefined) {
    const url = options.url ?? (known.length === 0 ? common : undefined);
    if (url !== undefined) return { name: "default", url, deploy: config.deploy ?? {} };
    throw known.length === 0 ? noDatabase() : ambiguous(known);
  }
  if (!Object.hasOwn(environments, wanted) && known.length > 0)
    throw unknownEnvironment(wanted, known);
  const { url, urlEnv, statusFile: _file, ...deploy } = environments[wanted] ?? {};
  const own = url || (urlEnv === undefined ? undefined : variables[urlEnv]) || undefined;
  if (options.url === undefined && own !== undefined && common !== undefined && own !== common)
    throw twoDatabases(wanted, urlEnv);
  const address = options.url ?? own ?? common;
  if (address === undefined || address === "") throw unsetUrl(wanted, urlEnv);
  return { name: wanted, url: address, deploy: { ...config.deploy, ...deploy } };
}

function twoDatabases(name: string, urlEnv: string | undefined): LockstepError {
  return new LockstepError("usage", {
    what: `two databases are named for environment "${name}"`,
    expected: "one URL",
    found: `${urlEnv ?? `environments.${name}.url of the config`} and, with another, LOCKSTEP_DATABASE_URL`,
    from: `environments.${name} of the config`,
    why: "work on one database would be recorded as that of the other",
    next: ["unset LOCKSTEP_DATABASE_URL", "or name the one that is meant: --url"],
  });
}

/** The environments beside the chosen one whose URL is known here. */
export function otherEnvironments(
  config: LockstepConfig,
  chosen: ChosenEnvironment,
  variables: Readonly<Record<string, string | undefined>>,
): readonly { readonly environment: string; readonly url: string }[] {
  return Object.entries(config.environments ?? {}).flatMap(([environment, { url, urlEnv }]) => {
    const address = url ?? (urlEnv === undefined ? undefined : variables[urlEnv]);
    const isOther = environment !== chosen.name && address !== chosen.url;
    return isOther && address !== undefined && address !== ""
      ? [{ environment, url: address }]
      : [];
  });
}

function noDatabase(): LockstepError {
  return new LockstepError("usage", {
    what: "no database was named",
    expected: "an environment in lockstep.config.ts, --url, or LOCKSTEP_DATABASE_URL",
    found: "none of them",
    next: ["lockstep … --url postgres://user@host/database"],
  });
}

function ambiguous(known: readonly string[]): LockstepError {
  return new LockstepError("usage", {
    what: "which environment?",
    expected: `--env with one of: ${known.join(", ")}`,
    found: "several in the config, and neither --env nor LOCKSTEP_ENV",
    why: "guessing could migrate production",
    next: known.map((name) => `lockstep … --env ${name}`),
  });
}

function unknownEnvironment(wanted: string, known: readonly string[]): LockstepError {
  const right = suggest(wanted, known);
  return new LockstepError("usage", {
    what: `there is no environment "${wanted}" in the config`,
    expected: `one of: ${known.join(", ")}`,
    found: `"${wanted}"`,
    next: [right === undefined ? `lockstep … --env ${known[0]}` : `did you mean --env ${right}?`],
  });
}

function unsetUrl(name: string, urlEnv: string | undefined): LockstepError {
  return new LockstepError("usage", {
    what: `the database URL of environment "${name}" is not set`,
    expected:
      urlEnv === undefined
        ? `environments.${name}.url or urlEnv in the config`
        : `a URL in ${urlEnv}`,
    found: urlEnv === undefined ? "an empty value" : `${urlEnv} is not set`,
    from: `environments.${name} of the config`,
    why: "the variable is not exported to this shell, or the pipeline step lacks the secret",
    next: [urlEnv === undefined ? "name it: --url postgres://…" : `export ${urlEnv}=postgres://…`],
  });
}
