import type { Condition, Environment, Job, Pipeline, Replicas } from "../model.ts";
import type { Expanded } from "../expand.ts";
import { environmentNamed } from "../environment.ts";
import type { Span } from "../text/source-file.ts";

export interface Single {
  readonly role: Pipeline["role"];
  readonly what: string;
  readonly name: string;
  readonly span: Span;
  readonly environment: Environment;
  readonly replicas?: Replicas | undefined;
  readonly behind?: Condition | undefined;
}

/** A file that runs one thing: a start command, a release phase, a platform's build. */
export function singlePipeline(of: Single, expanded: Expanded): Pipeline {
  const job: Job = {
    id: of.name,
    span: of.span,
    needs: [],
    environment: of.environment,
    condition: undefined,
    regardless: false,
    changes: undefined,
    turns: undefined,
    databaseService: false,
    steps: [
      {
        name: of.name,
        span: of.span,
        condition: undefined,
        regardless: false,
        actions: expanded.actions,
        mentions: expanded.mentions,
      },
    ],
  };
  return {
    role: of.role,
    what: of.what,
    file: of.span.file,
    name: of.name,
    trigger: "",
    jobs: [job],
    changes: undefined,
    behind: of.behind,
    replicas: of.replicas,
  };
}

/** A deployed thing runs in production, unless the name of its file or service says another environment. */
export function deployedAs(name: string, what: string): Environment {
  const kind = environmentNamed(name);
  if (kind === "lower" || kind === "test") return { kind, because: `${what} "${name}"` };
  return { kind: "production", because: `${what} "${name}" is what is deployed` };
}
