import type { SourceFile } from "../text/source-file.ts";
import {
  entries,
  get,
  readYaml,
  text,
  type Malformed,
  type YamlNode,
} from "../text/yaml-document.ts";
import { folderOf, nameOf, type Repository } from "./repository.ts";

/** A `package.json`. */
export interface Package {
  readonly file: SourceFile;
  readonly folder: string;
  readonly name: string | undefined;
  readonly scripts: ReadonlyMap<string, YamlNode>;
  readonly dependencies: ReadonlySet<string>;
}

export interface Packages {
  readonly all: readonly Package[];
  readonly malformed: readonly Malformed[];
  readonly byName: ReadonlyMap<string, Package>;
  readonly byFolder: ReadonlyMap<string, Package>;
}

/** Every package of the repository. */
export function readPackages(repository: Repository): Packages {
  const all: Package[] = [];
  const malformed: Malformed[] = [];
  for (const path of repository.paths) {
    if (nameOf(path) !== "package.json") continue;
    const file = repository.read(path);
    if (file === undefined) continue;
    const read = readYaml(file);
    malformed.push(...read.malformed.slice(0, 1));
    const [root] = read.documents;
    const groups = ["dependencies", "devDependencies", "peerDependencies"];
    all.push({
      file,
      folder: folderOf(path),
      name: text(get(root, "name")),
      scripts: new Map(entries(get(root, "scripts")).map((script) => [script.key, script.value])),
      dependencies: new Set(
        groups.flatMap((group) => entries(get(root, group)).map(({ key }) => key)),
      ),
    });
  }
  const named = all.flatMap((each) =>
    each.name === undefined ? [] : [[each.name, each] as const],
  );
  return {
    all,
    malformed,
    byName: new Map(named),
    byFolder: new Map(all.map((each) => [each.folder, each])),
  };
}

/** The package that a command run in `folder` belongs to: the nearest one above it. */
export function packageOf(packages: Packages, folder: string): Package | undefined {
  for (let at = folder; ; at = folderOf(at)) {
    const found = packages.byFolder.get(at);
    if (found !== undefined || at === ".") return found;
  }
}

/** Packages that a `--filter` or `--workspace` argument names: by name, by the end of a scoped name, or by folder. */
export function packagesNamed(packages: Packages, filter: string): Package[] {
  const bare = filter
    .replace(/^\.\//, "")
    .replace(/^[.^]{3}|[.^]{3}$/g, "")
    .replace(/^\{|\}$/g, "");
  const exact = packages.byName.get(bare) ?? packages.byFolder.get(bare.replace(/\/$/, ""));
  if (exact !== undefined) return [exact];
  return packages.all.filter((each) => each.name?.endsWith(`/${bare}`));
}
