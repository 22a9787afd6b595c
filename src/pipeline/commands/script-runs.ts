import { packageOf, packagesNamed, type Package, type Packages } from "../repository/packages.ts";
import type { ShellWord } from "../shell/shell-command.ts";
import { commandLine } from "./command-line.ts";

/** Scripts of `package.json` files that a command runs, or the binary that it runs instead. */
export type ScriptRun =
  | {
      readonly kind: "scripts";
      readonly name: string;
      readonly packages: readonly Package[];
      /** Words that npm puts behind the script's last command. */
      readonly args: readonly ShellWord[];
    }
  | { readonly kind: "binary"; readonly words: readonly ShellWord[] };

const filters = new Set(["--filter", "-F", "-w", "--workspace"]);
const folders = new Set(["-C", "--dir", "--cwd", "--prefix"]);
const every = new Set(["-r", "--recursive", "--workspaces", "-ws"]);

/** Words of the managers that are no scripts. */
const builtin = new Set(
  (
    "install i ci add remove rm uninstall update up upgrade publish pack link unlink init config cache version " +
    "audit outdated list ls why info view login logout set dedupe rebuild prune fetch import store env create " +
    "deploy approve-builds licenses patch plugin global dlx exec x npm node corepack help setup build-binary"
  ).split(" "),
);

interface Read {
  readonly plain: readonly number[];
  readonly filter: string | undefined;
  readonly folder: string | undefined;
  readonly all: boolean;
}

/** Words that stand before the script's name. */
const before = /^(?:run|run-script|workspace|workspaces|foreach)$/;

/** Plain words up to the script's name, and the options that choose a package; npm takes them behind the name too. */
function readOptions(words: readonly ShellWord[], program: string): Read {
  const plain: number[] = [];
  let filter: string | undefined;
  let folder: string | undefined;
  let all = false;
  let named = false;
  for (let at = 1; at < words.length; at++) {
    const { text } = words[at]!;
    if (text === "--") break;
    const [flag, value] = text.split("=", 2) as [string, string | undefined];
    if (filters.has(flag) || folders.has(flag)) {
      const given = value ?? words[(at += 1)]?.text;
      if (filters.has(flag)) filter = given;
      else folder = given;
    } else if (every.has(text)) {
      all = true;
    } else if (!text.startsWith("-") && !named) {
      const afterWorkspace = words[plain.at(-1) ?? 0]!.text === "workspace";
      plain.push(at);
      named = !before.test(text) && !afterWorkspace;
      if (named && program !== "npm" && program !== "turbo") break;
    }
  }
  return { plain, filter, folder, all };
}

const runners = new Set(["npm", "pnpm", "yarn", "bun", "turbo", "nx", "lerna", "rush"]);

/** What `npm run x`, `pnpm --filter a x`, `yarn workspace a x`, `bun x`, `turbo run x` … start. */
export function scriptRun(
  words: readonly ShellWord[],
  directory: string | undefined,
  packages: Packages,
): ScriptRun | undefined {
  const { program } = commandLine(words.map((word) => word.text));
  if (!runners.has(program)) return undefined;
  const read = readOptions(words, program);
  const names = read.plain.map((index) => words[index]!.text);
  const workspace = names[0] === "workspace" ? names[1] : undefined;
  const explicit = names.some((name) => name === "run" || name === "run-script");
  const at = read.plain.at(-1);
  const name = at === undefined ? undefined : words[at]!.text;
  if (at === undefined || name === undefined || name === "run") return undefined;
  if (!explicit && builtin.has(name) && program !== "turbo") return undefined;
  const monorepoTool =
    program === "turbo" || program === "nx" || program === "lerna" || program === "rush";
  const filter = workspace ?? read.filter;
  const chosen = choose(packages, { ...read, filter, all: read.all || monorepoTool }, directory);
  const [owner, script] =
    name.includes(":") && program === "nx" ? name.split(":", 2) : [undefined, name];
  const among = owner === undefined ? chosen : packagesNamed(packages, owner);
  if (program === "bun" && /\.[cm]?[jt]sx?$/.test(name)) {
    return { kind: "binary", words: [words[0]!, ...words.slice(at)] };
  }
  const having = among.filter((each) => each.scripts.has(script));
  if (having.length > 0) {
    const rest = words.slice(at + 1);
    const dashes = rest.findIndex((word) => word.text === "--");
    const args = monorepoTool || (program === "npm" && dashes === -1) ? [] : rest.slice(dashes + 1);
    return { kind: "scripts", name: script, packages: having, args };
  }
  return explicit || monorepoTool || program === "npm"
    ? { kind: "scripts", name: script, packages: [], args: [] }
    : { kind: "binary", words: words.slice(at) };
}

function choose(
  packages: Packages,
  read: Pick<Read, "filter" | "folder" | "all">,
  directory: string | undefined,
): readonly Package[] {
  if (read.filter !== undefined) return packagesNamed(packages, read.filter);
  if (read.all) return packages.all;
  if (read.folder !== undefined) {
    const folder = read.folder.replace(/^\.\//, "").replace(/\/$/, "");
    const base = directory === undefined || directory === "." ? folder : `${directory}/${folder}`;
    const found = packageOf(packages, base === "" ? "." : base);
    return found === undefined ? [] : [found];
  }
  if (directory === undefined) return packages.all;
  const nearest = packageOf(packages, directory);
  return nearest === undefined ? [] : [nearest];
}
