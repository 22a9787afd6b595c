/** How a deploy goes through Lockstep on one platform: files for a repository, to be taken over by hand. */
export interface PipelineExample {
  /** Name of its folder in examples/pipelines. */
  readonly id: string;
  /** As its makers write it. */
  readonly platform: string;
  /** What in a repository shows that it is used: fits a path below the root. */
  readonly sign: RegExp;
  /** What the files do, in a sentence or two. */
  readonly does: string;
  readonly files: readonly ExampleFile[];
}

export interface ExampleFile {
  /** Below the root of the repository. */
  readonly path: string;
  readonly text: string;
}
