import { isDatabaseVariable } from "../environment.ts";
import { saying, type Facts, type Occurrence } from "../facts.ts";
import type { ShellWord } from "../shell/shell-command.ts";
import type { Span } from "../text/source-file.ts";
import type { PipelineRule } from "./rule.ts";

/** What in an address says that a transaction pooler answers there. */
const pooledAddress: readonly { readonly sign: RegExp; readonly says: string }[] = [
  { sign: /:\/\/[^\s"']*:6543\b/, says: "port 6543 is Supabase's transaction pooler" },
  {
    sign: /:\/\/[^\s"']*-pooler\./,
    says: "a host with -pooler is Neon's PgBouncer in transaction mode",
  },
  {
    sign: /[?&]pgbouncer=true\b/,
    says: "pgbouncer=true says that it is PgBouncer in transaction mode",
  },
];

const pooledName = /(?:^|_)(?:POOLED|POOLER|POOL|PGBOUNCER|BOUNCER|TRANSACTION_POOL)(?:_|$)/;
const directName = /(?:^|_)(?:DIRECT|UNPOOLED|NON_?POOL(?:ED|ING)|SESSION)(?:_|$)/;

/** B3: a transaction pooler gives each statement another session; migrations need one. */
export const throughPooler: PipelineRule = {
  id: "pipeline-migrates-through-pooler",
  title: "Migrations go through a transaction pooler",
  severity: "error",
  *check(facts) {
    const direct = directVariable(facts);
    for (const occurrence of facts.occurrences) {
      const { action } = occurrence;
      if (
        (action.kind !== "migrate" && action.kind !== "push") ||
        occurrence.environment.kind === "test"
      )
        continue;
      const found = pooledIn(facts, occurrence, direct);
      if (found === undefined) continue;
      yield {
        at: found.at,
        message: `${saying(occurrence)} reaches the database through a pooler: ${found.says}.`,
        why: "In transaction mode each transaction may run on another server session: session locks protect nobody (measured with two runners through PgBouncer: both got in), SET is lost or leaks, and tools that hold a session hang.",
        wayOut: {
          text: "Give the migration step the direct address (port 5432; without -pooler).",
          code: `env:\n  ${found.variable ?? "DATABASE_URL"}: \${{ secrets.${direct ?? "DIRECT_DATABASE_URL"} }}`,
        },
      };
    }
  },
};

/** A secret inside the address has blanks in its `${{ }}`. */
const signIn = (address: string): (typeof pooledAddress)[number] | undefined =>
  pooledAddress.find(({ sign }) => sign.test(address.replace(/\$\{\{.*?\}\}/g, "secret")));

interface Pooled {
  readonly at: Span;
  readonly says: string;
  readonly variable: string | undefined;
}

function pooledIn(
  facts: Facts,
  { action }: Occurrence,
  direct: string | undefined,
): Pooled | undefined {
  for (const word of action.words) {
    const sign = signIn(word.text);
    if (sign !== undefined) return { at: word.span, says: sign.says, variable: undefined };
  }
  const used = usedVariables(facts, action);
  for (const [name, value] of used) {
    const sign = signIn(value.text);
    if (sign !== undefined) return { at: value.span, says: sign.says, variable: name };
  }
  if (direct === undefined) return undefined;
  for (const [name, value] of used) {
    const from = /(?:secrets[._]|vars[._]|\$\{?)(\w+)/.exec(value.text)?.[1];
    if (from !== undefined && pooledName.test(from) && !directName.test(from)) {
      return {
        at: value.span,
        says: `${name} is ${from}, although ${direct} exists`,
        variable: name,
      };
    }
  }
  return undefined;
}

/** Database variables that the tool reads: when Prisma has a `directUrl`, only that one. */
function usedVariables(facts: Facts, action: Occurrence["action"]): [string, ShellWord][] {
  const all = [...action.variables].filter(([name]) => isDatabaseVariable(name));
  const { directUrl } = facts.settings;
  if (!action.tool.startsWith("prisma") || directUrl === undefined) {
    return all.filter(([name]) => !pooledName.test(name) && !directName.test(name));
  }
  return all.filter(([name]) => name === directUrl);
}

/** A variable of the repository's pipelines that is named direct. */
function directVariable(facts: Facts): string | undefined {
  for (const { action } of facts.occurrences) {
    for (const [name, value] of action.variables) {
      const from = /(?:secrets[._]|vars[._]|\$\{?)(\w+)/.exec(value.text)?.[1];
      for (const each of [from, name]) {
        if (each !== undefined && isDatabaseVariable(each) && directName.test(each)) return each;
      }
    }
  }
  return undefined;
}
