import type { TargetOptions } from "./settings.ts";

/** The options that named the database, as a command that is to be copied has to repeat them; a URL may hold a password. */
export function targetWords({ config, env, url }: TargetOptions): string {
  return [
    ...(config === undefined ? [] : ["-c", quoted(config)]),
    ...(env === undefined ? [] : ["-e", quoted(env)]),
    ...(url === undefined ? [] : ["--url URL"]),
  ]
    .map((word) => ` ${word}`)
    .join("");
}

/** As a shell takes it. */
function quoted(word: string): string {
  return /^[\w./:-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
