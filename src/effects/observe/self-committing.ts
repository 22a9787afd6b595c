import type { Session } from "../../pg/index.ts";
import { loadParser, quoteIdent, quoteLiteral, type Statement } from "../../sql/index.ts";
import { serverFailure } from "./failure.ts";
import { observeInTransaction, type Observation, type Sessions } from "./observation.ts";

/**
 * Observes a DO block or a CALL that commits by itself, so that it cannot run in a transaction: first with its COMMITs and
 * ROLLBACKs taken out, in a transaction that is undone, where all that it locks shows; then as it is, for what it leaves.
 *
 * @throws the server's error
 */
export async function observeSelfCommitting(
  sessions: Sessions,
  statement: Statement,
  open: string,
): Promise<Observation> {
  const { worker, limit } = sessions;
  let observation: Observation | undefined;
  let reason = "";
  await worker.batch(open);
  try {
    observation = await observeInTransaction(sessions, await inOnePiece(worker, statement));
  } catch (error) {
    reason = serverFailure(error).message;
  } finally {
    await worker.batch("ROLLBACK");
  }
  await limit.hold(async () => worker.batch(statement.sql));
  if (observation !== undefined) return observation;
  const unknown = [`it commits by itself, and what it locks before that was not seen: ${reason}`];
  return { ...nothing, unknown };
}

const nothing: Observation = {
  locks: [],
  before: new Map(),
  after: new Map(),
  edges: [],
  named: new Map(),
  counters: new Map(),
  told: { verified: new Set(), foreignKeys: new Set(), builds: new Map() },
  checked: [],
};

/** The statement with a body that ends no transaction; procedures are replaced, which the caller undoes. */
async function inOnePiece(worker: Session, statement: Statement): Promise<Statement> {
  const { node } = statement;
  if ("DoStmt" in node) {
    const parts = (node.DoStmt.args ?? []).flatMap((arg) =>
      "DefElem" in arg && arg.DefElem.arg !== undefined && "String" in arg.DefElem.arg
        ? [[arg.DefElem.defname, arg.DefElem.arg.String.sval ?? ""] as const]
        : [],
    );
    const body = parts.find(([name]) => name === "as")?.[1] ?? "";
    const language = parts.find(([name]) => name === "language")?.[1] ?? "plpgsql";
    const whole = await withoutCommits(body);
    return { ...statement, sql: `DO LANGUAGE ${quoteIdent(language)} ${quoteLiteral(whole)}` };
  }
  if ("CallStmt" in node) await replaceProcedures(worker, node.CallStmt.funccall?.funcname ?? []);
  return statement;
}

/** Replaces the procedures of that name by ones that end no transaction. */
async function replaceProcedures(worker: Session, name: readonly object[]): Promise<void> {
  const parts = name.map((part) =>
    "String" in part ? (part.String as { sval: string }).sval : "",
  );
  const rows = await worker.queryArrays(
    `SELECT pg_catalog.pg_get_functiondef(p.oid), p.prosrc FROM pg_catalog.pg_proc p
       JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
      WHERE p.prokind = 'p' AND p.proname = $1 AND ($2::pg_catalog.text IS NULL OR n.nspname = $2)`,
    [parts.at(-1), parts.length > 1 ? parts.at(-2) : null],
  );
  for (const [definition, source] of rows as [string, string][]) {
    const whole = await withoutCommits(source);
    // The function stands for itself: a replacement text would be searched for `$`.
    await worker.query(definition.replace(source, () => whole));
  }
}

const ends = new Set(["commit", "rollback"]);
/** After these a new statement begins. */
const beginners = new Set([";", "begin", "then", "else", "loop"]);

/** A PL/pgSQL body with NULL in the place of each COMMIT and ROLLBACK. */
async function withoutCommits(body: string): Promise<string> {
  const { scanSync } = await loadParser();
  const tokens = scanSync(body).tokens.filter(({ tokenName }) => !tokenName.endsWith("_COMMENT"));
  const bytes = Buffer.from(body, "utf8");
  let text = "";
  let copied = 0;
  for (const [index, token] of tokens.entries()) {
    const before = tokens[index - 1]?.text.toLowerCase() ?? ";";
    if (!ends.has(token.text.toLowerCase()) || !beginners.has(before)) continue;
    const last = tokens.findIndex(({ text: next }, at) => at > index && next === ";") - 1;
    text += `${bytes.toString("utf8", copied, token.start)}NULL`;
    copied = tokens[last]!.end;
  }
  return text + bytes.toString("utf8", copied);
}
