import type { CamelCaseProposal } from "./camel-case-plugin.ts";
import type { Mapper } from "./mapper-module.ts";

/** Something that was found out about a project, and the place that says so. */
export interface Known<Value> {
  readonly value: Value;
  /** `drizzle.config.ts:9`, or in words why it was assumed. */
  readonly because: string;
}

/** What the release expects of its database, as a config names it. */
export type ContractProposal =
  | { readonly kind: "drizzle"; readonly files: readonly string[] }
  | { readonly kind: "prisma"; readonly schema: string }
  | {
      readonly kind: Mapper;
      readonly module: string;
      /** Of Kysely: the code's names are those of its CamelCasePlugin. */
      readonly camelCase?: Known<CamelCaseProposal> | undefined;
    }
  /** The catalog that the migrations make: works for every tool, and knows the code only by them. */
  | { readonly kind: "migrations" };

/** A database of the project: the folder of its migrations and what belongs to it. Paths are relative to the working folder. */
export interface ProjectDatabase {
  /** Folder of the package that owns it, where its config belongs; `.` for the working folder itself. */
  readonly folder: string;
  readonly migrations: {
    readonly folder: string;
    /** `sql` when it is not known which tool applies them. */
    readonly tool: string;
    readonly count: number;
    /**
     * `adopted`: Lockstep applies them and keeps their tool's ledger true; `own`: it applies them, nobody else is known to;
     * `looked-at`: Lockstep would, but for the problems; `others`: their tool applies them, whose ledger Lockstep does not keep;
     * `guarded`: they are programs, which their tool's own command runs under Lockstep's guard.
     */
    readonly applied: "adopted" | "own" | "looked-at" | "others" | "guarded";
    /** That command. */
    readonly command: string | readonly string[] | undefined;
    /** Why its own tool or Lockstep would not run all of it, and what is not read. */
    readonly problems: readonly string[];
  };
  readonly contract: Known<ContractProposal>;
  /** Name of the environment variable that holds the URL. */
  readonly urlEnv: Known<string>;
  /** The config that is there already. */
  readonly config: string | undefined;
  /** The config that would be written. */
  readonly newConfig: string;
}
