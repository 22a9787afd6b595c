import { Expander, type Expanded } from "../expand.ts";
import type { Replicas } from "../model.ts";
import type { Packages } from "../repository/packages.ts";
import type { Repository } from "../repository/repository.ts";
import type { Span } from "../text/source-file.ts";
import { readYaml, type Malformed, type YamlNode } from "../text/yaml-document.ts";

/** Something that was read and not understood, so that nothing is claimed about it. */
export interface NotUnderstood {
  readonly span: Span;
  /** One sentence. */
  readonly text: string;
  /** What several of in one file are told once. */
  readonly kind?: "shell";
}

/** What the readers share, and what they leave behind beside the pipelines. */
export class Reading {
  readonly repository: Repository;
  readonly packages: Packages;
  readonly expander: Expander;
  /** Every file that was read, by what it is. */
  readonly files = new Map<string, string>();
  readonly malformed: Malformed[] = [];
  readonly notUnderstood: NotUnderstood[] = [];
  /** How many instances of an image of the repository's own are started as the image has it. */
  readonly ownImages: Replicas[] = [];

  readonly #documents = new Map<string, readonly YamlNode[]>();

  constructor(repository: Repository, packages: Packages) {
    this.repository = repository;
    this.packages = packages;
    this.expander = new Expander(repository, packages);
  }

  /** The documents of a YAML or JSON file; what is wrong in it is kept. */
  yaml(path: string, what: string): readonly YamlNode[] {
    const known = this.#documents.get(path);
    if (known !== undefined) return known;
    const file = this.repository.read(path);
    if (file === undefined) return [];
    this.files.set(path, what);
    const read = readYaml(file);
    this.#documents.set(path, read.documents);
    this.malformed.push(...read.malformed.slice(0, 1));
    return read.documents;
  }

  /** Notes what following a script has read. */
  keep(expanded: Expanded): Expanded {
    for (const path of expanded.files) {
      if (!this.files.has(path)) {
        this.files.set(path, path.endsWith("package.json") ? "package.json" : "script");
      }
    }
    for (const problem of expanded.malformed) {
      const known = this.malformed.some(
        (other) => other.span.file === problem.span.file && other.span.start === problem.span.start,
      );
      if (!known) this.malformed.push(problem);
    }
    return expanded;
  }
}
