import { commandLine, flagValue } from "./commands/command-line.ts";
import type { Action } from "./expand.ts";
import type { Environment } from "./model.ts";

const lowerWord =
  /(?:^|[^a-z])(?:non-?prod(?:uction)?|pre-?prod(?:uction)?|stag(?:e|ing)|stg|dev(?:elop(?:ment)?)?|previews?|qa|uat|sandbox|demo|nightly|pr-\d*)(?![a-z])/i;
const productionWord = /(?:^|[^a-z])(?:prod|production|prd)(?![a-z])/i;
const testWord =
  /(?:^|[^a-z])(?:tests?|testing|vitest|jest|playwright|cypress|pytest|type-?check|e2e|integration|ci|check|checks|lint|unit)(?![a-z])/i;

/** What a name says about where it goes; names such as `main` or `server` say nothing. */
export function environmentNamed(name: string): Environment["kind"] {
  const separate = name.replace(/([a-z])([A-Z])/g, "$1-$2").replace(/_/g, "-");
  if (lowerWord.test(separate)) return "lower";
  if (productionWord.test(separate)) return "production";
  if (testWord.test(separate)) return "test";
  return "unknown";
}

export interface Hint {
  readonly name: string | undefined;
  /** When it is known without reading the name. */
  readonly kind?: Environment["kind"];
  /** `environment`, `job`, `workflow`. */
  readonly what: string;
}

/** The first hint that says something. */
export function firstSaying(hints: readonly Hint[]): Environment {
  for (const { name, what, kind: known } of hints) {
    if (name === undefined) continue;
    const kind = known ?? environmentNamed(name);
    if (kind !== "unknown") return { kind, because: `${what} "${name}"` };
  }
  return { kind: "unknown", because: "no name says which environment it is" };
}

const localDatabase =
  /@(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\]|host\.docker\.internal|postgres(?:ql|db)?|db|database|pg)(?::\d+)?(?:[/?]|$)|^(?:localhost|127\.0\.0\.1|postgres)$|^file:|\.sqlite3?\b/i;

const databaseVariable =
  /(?:DATABASE|POSTGRES|PG|DB|DIRECT|POOL|SUPABASE|NEON).*(?:URL|URI|HOST|DSN|STRING|CONNECTION)|^(?:PGHOST|DSN|DB_HOST|FLYWAY_URL|GOOSE_DBSTRING|DB_URI)$/i;

export const isDatabaseVariable = (name: string): boolean => databaseVariable.test(name);

/** What the database that a command is given says about itself. */
export function databaseEvidence(action: Action): Environment | undefined {
  const given = [...action.variables].filter(([name]) => isDatabaseVariable(name));
  for (const [name, value] of given) {
    if (localDatabase.test(value.text))
      return { kind: "test", because: `${name} is a local database` };
  }
  for (const word of action.words) {
    if (localDatabase.test(word.text))
      return { kind: "test", because: "the URL is a local database" };
  }
  for (const [name, value] of given) {
    const secret = /secrets[._]+(\w+)/.exec(value.text)?.[1];
    for (const said of [secret, value.literal ? undefined : value.text, name]) {
      const kind = said === undefined ? "unknown" : environmentNamed(said);
      if (kind === "production" || kind === "lower")
        return { kind, because: `${name} is ${value.text}` };
    }
  }
  return undefined;
}

/** True when a database comes out of the CI system's secrets: no throw-away one does. */
export const hasSecretDatabase = (action: Action): boolean =>
  [...action.variables].some(
    ([name, value]) => isDatabaseVariable(name) && /secrets[._]|\bvault\b/i.test(value.text),
  );

const environmentFlags =
  "--env --environment -e --stage -s --context --namespace -n --app -a --config -c --cluster --kube-context".split(
    " ",
  );

/** What the command's own options say: `--env production`, `--app shop-staging`. */
export function flagEvidence(action: Action): Environment | undefined {
  if (action.kind === "deploy" && action.target !== undefined) {
    return { kind: action.target, because: `"${action.tool}" with these options` };
  }
  const line = commandLine(action.words.map((word) => word.text));
  const flag = flagValue(line, ...environmentFlags);
  if (flag === undefined) return undefined;
  const kind = environmentNamed(flag);
  return kind === "unknown" || kind === "test" ? undefined : { kind, because: `option "${flag}"` };
}
