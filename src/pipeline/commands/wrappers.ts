import type { ShellWord } from "../shell/shell-command.ts";
import { commandLine } from "./command-line.ts";

/** Options of a wrapper that take the next word as their value. */
interface Wrapper {
  readonly values?: readonly string[];
  /** Plain words of the wrapper's own before the command starts: `timeout 60 cmd`. */
  readonly own?: number;
  /** Sub-command that makes it a wrapper: `poetry run cmd`. */
  readonly subcommand?: readonly string[];
}

/** Programs that run another one with the same arguments, and pass its exit status on. */
const wrappers: Readonly<Record<string, Wrapper>> = {
  sudo: { values: ["-u", "-g", "-H"] },
  env: { values: ["-u", "-C"] },
  time: {},
  nohup: {},
  exec: { values: ["-a"] },
  command: {},
  nice: { values: ["-n"] },
  stdbuf: {},
  timeout: { values: ["-k", "-s", "--signal", "--kill-after"], own: 1 },
  npx: { values: ["-p", "--package", "-w", "--workspace", "--prefix"] },
  pnpx: {},
  bunx: {},
  "cross-env": {},
  "cross-env-shell": {},
  dotenv: { values: ["-e", "-c", "-p", "-f"] },
  dotenvx: { subcommand: ["run"], values: ["-f", "-fk", "--env-file"] },
  "env-cmd": { values: ["-f", "-e", "-r"] },
  doppler: { subcommand: ["run"], values: ["-p", "-c", "--project", "--config", "--command"] },
  infisical: {
    subcommand: ["run"],
    values: ["--env", "--path", "--projectId", "--domain", "--token"],
  },
  op: { subcommand: ["run"], values: ["--env-file"] },
  chamber: { subcommand: ["exec"], own: 1 },
  "aws-vault": { subcommand: ["exec"], own: 1 },
  gosu: { own: 1 },
  "su-exec": { own: 1 },
  tini: { values: ["-p", "-e"] },
  "dumb-init": {},
  poetry: { subcommand: ["run"] },
  uv: {
    subcommand: ["run"],
    values: ["--with", "--env-file", "--directory", "--project", "--group", "--extra"],
  },
  pipenv: { subcommand: ["run"] },
  rye: { subcommand: ["run"] },
  bundle: { subcommand: ["exec"] },
  "wait-for-it": { own: 1, values: ["-t", "-h", "-p"] },
  "wait-for": { own: 1, values: ["-t"] },
  dockerize: { values: ["-wait", "-timeout", "-template"] },
  retry: { values: ["-t", "-d", "--times", "--delay"] },
};

/** Commands that run another one in a container or on a server. */
const elsewhere: readonly (Wrapper & { program: string; remote: boolean })[] = [
  {
    program: "docker",
    remote: false,
    subcommand: ["compose", "run"],
    own: 1,
    values: [
      "-f",
      "--file",
      "-p",
      "--profile",
      "--env-file",
      "-e",
      "--env",
      "-u",
      "-w",
      "-v",
      "--entrypoint",
      "--name",
    ],
  },
  {
    program: "docker",
    remote: false,
    subcommand: ["compose", "exec"],
    own: 1,
    values: [
      "-f",
      "--file",
      "-p",
      "--profile",
      "--env-file",
      "-e",
      "--env",
      "-u",
      "--user",
      "-w",
      "--index",
    ],
  },
  {
    program: "docker-compose",
    remote: false,
    subcommand: ["run"],
    own: 1,
    values: ["-f", "--file", "-p", "-e", "-u", "-w", "-v", "--entrypoint", "--name"],
  },
  {
    program: "docker-compose",
    remote: false,
    subcommand: ["exec"],
    own: 1,
    values: ["-f", "-p", "-e", "-u", "-w"],
  },
  {
    program: "docker",
    remote: false,
    subcommand: ["exec"],
    own: 1,
    values: ["-e", "--env", "-u", "--user", "-w", "--env-file"],
  },
  {
    program: "heroku",
    remote: true,
    subcommand: ["run"],
    values: ["-a", "--app", "-r", "-s", "--size", "--type"],
  },
  {
    program: "railway",
    remote: true,
    subcommand: ["run"],
    values: ["-s", "--service", "-e", "--environment"],
  },
];

export interface Peeled {
  readonly words: readonly ShellWord[];
  /** `X=1` words between the wrapper and the command. */
  readonly variables: ReadonlyMap<string, ShellWord>;
}

/** The command inside wrappers, all of them taken off. */
export function peel(words: readonly ShellWord[]): Peeled {
  let left = words;
  const variables = new Map<string, ShellWord>();
  for (let turn = 0; turn < 20; turn++) {
    left = withoutAssignments(left, variables);
    const next = peelOnce(left);
    if (next === undefined || next.length === 0) break;
    left = next;
  }
  return { words: left, variables };
}

function withoutAssignments(
  words: readonly ShellWord[],
  into: Map<string, ShellWord>,
): readonly ShellWord[] {
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at]!;
    const assigned = /^([A-Za-z_]\w*)=/.exec(word.text);
    if (assigned === null) break;
    into.set(assigned[1]!, { ...word, text: word.text.slice(assigned[0].length) });
  }
  return words.slice(at);
}

function peelOnce(words: readonly ShellWord[]): readonly ShellWord[] | undefined {
  const texts = words.map((word) => word.text);
  const { program } = commandLine(texts);
  const [, first, second] = texts;
  if (/^python3?$/.test(program) && first === "-m") return words.slice(2);
  if (program === "pnpm" || program === "yarn" || program === "npm" || program === "bun") {
    return peelManager(program, words);
  }
  if (program === "kubectl" || program === "oc") {
    if (!texts.includes("exec") && !texts.includes("run")) return undefined;
    const dashes = texts.indexOf("--");
    return dashes === -1 ? undefined : words.slice(dashes + 1);
  }
  if ((program === "fly" || program === "flyctl") && first === "ssh" && second === "console") {
    return undefined;
  }
  const inside = elsewhere.find(
    (candidate) => candidate.program === program && startsSub(texts, candidate),
  );
  if (inside !== undefined) return afterWrapper(words, inside);
  const wrapper = Object.hasOwn(wrappers, program.replace(/\.sh$/, ""))
    ? wrappers[program.replace(/\.sh$/, "")]
    : undefined;
  if (wrapper === undefined) return undefined;
  if (wrapper.subcommand !== undefined && !startsSub(texts, wrapper)) return undefined;
  return afterWrapper(words, wrapper);
}

/** The manager's `exec` and `dlx`; scripts are looked up by `script-runs.ts`. */
function peelManager(
  program: string,
  words: readonly ShellWord[],
): readonly ShellWord[] | undefined {
  const at = words.findIndex((word, index) => index > 0 && /^(?:exec|dlx|x)$/.test(word.text));
  if (at === -1 || (program === "yarn" && words[at]!.text === "x")) return undefined;
  const before = words.slice(1, at);
  const plain = before.filter(
    (word, index) => !word.text.startsWith("-") && !takesValue(before[index - 1]?.text),
  );
  if (plain.length > 0) return undefined;
  const rest = words.slice(at + 1);
  return rest[0]?.text === "--"
    ? rest.slice(1)
    : rest.filter((word, index) => index > 0 || !word.text.startsWith("-"));
}

const takesValue = (flag: string | undefined): boolean =>
  flag !== undefined &&
  /^(?:--filter|-F|-C|--dir|--prefix|-w|--workspace|--cwd|-p|--package)$/.test(flag);

function startsSub(texts: readonly string[], wrapper: Wrapper): boolean {
  let wanted = 0;
  const names = wrapper.subcommand ?? [];
  for (let at = 1; at < texts.length && wanted < names.length; at++) {
    const word = texts[at]!;
    if (word.startsWith("-")) {
      if (wrapper.values?.includes(word) === true) at += 1;
      continue;
    }
    if (word !== names[wanted]) return false;
    wanted += 1;
  }
  return wanted === names.length;
}

function afterWrapper(words: readonly ShellWord[], wrapper: Wrapper): readonly ShellWord[] {
  let skip = (wrapper.own ?? 0) + (wrapper.subcommand?.length ?? 0);
  for (let at = 1; at < words.length; at++) {
    const { text } = words[at]!;
    if (text === "--") return words.slice(at + 1);
    if (text.startsWith("-") && text.length > 1) {
      if (wrapper.values?.includes(text) === true) at += 1;
      continue;
    }
    if (skip === 0) return words.slice(at);
    skip -= 1;
  }
  return [];
}
