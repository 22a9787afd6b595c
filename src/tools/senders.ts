/**
 * How the statements of a file reach the server.
 *
 * - `statement`: each on its own.
 * - `file`: BEGIN, the file, COMMIT.
 * - `query`: the whole file as one query string.
 * - `deploy`: all pending files in one transaction.
 * - `units`: as Lockstep's own runner cuts a file.
 */
export type Sending = "statement" | "file" | "query" | "deploy" | "units";

/** A tool that sends files, and how a file asks it for another way. */
export interface Sender {
  readonly tool: string;
  /** How it sends a file that says nothing; undefined where that is not known from the mark alone. */
  readonly sends: Sending | undefined;
  /** A line of the file. */
  readonly mark?: { readonly line: RegExp; readonly sends: Sending };
  /** What a file beside it says. */
  readonly beside?: {
    readonly file: (path: string) => string;
    readonly line: RegExp;
    readonly sends: Sending;
  };
}

/**
 * Who sends files how, by the tools' own documentation and source; `docs/check.md` shows it. Tools that send the text of
 * a file as one query do so also where no transaction is wanted: then several statements share an implicit one
 * (manual 55.2.2.1).
 */
export const senders: readonly Sender[] = [
  { tool: "prisma", sends: "query" },
  { tool: "drizzle", sends: "deploy" },
  { tool: "golang-migrate", sends: "query" },
  // Since CLI 2.109 what cannot run in a transaction is sent apart from the rest of its file.
  { tool: "supabase", sends: "units" },
  {
    tool: "diesel",
    sends: "file",
    beside: {
      file: (path) => path.replace(/[^/\\]+$/, "metadata.toml"),
      // To Diesel a file that does not say true says false.
      line: /^(?![^]*(?:^|\n)\s*run_in_transaction\s*=\s*true\b)/,
      sends: "query",
    },
  },
  {
    tool: "flyway",
    sends: "file",
    beside: {
      file: (path) => `${path}.conf`,
      line: /^\s*(?:flyway\.)?executeInTransaction\s*=\s*false\b/im,
      sends: "statement",
    },
  },
  { tool: "sqlx", sends: "file", mark: { line: /^-- no-transaction/, sends: "query" } },
  {
    tool: "goose",
    sends: "file",
    mark: { line: /^--\s*\+goose\s+no\s+transaction\s*$/im, sends: "statement" },
  },
  {
    tool: "sql-migrate",
    sends: "file",
    mark: { line: /^--\s*\+migrate\s+up\s.*\bnotransaction\b/im, sends: "statement" },
  },
  {
    tool: "dbmate",
    sends: "file",
    mark: { line: /^--\s*migrate:up\s.*\btransaction:false\b/m, sends: "query" },
  },
  { tool: "node-pg-migrate", sends: "deploy" },
  {
    tool: "atlas",
    sends: "file",
    mark: { line: /^--\s*atlas:txmode\s+none\s*$/m, sends: "statement" },
  },
  {
    tool: "tern",
    sends: "file",
    mark: { line: /^---- tern: disable-tx ----\s*$/m, sends: "query" },
  },
  {
    tool: "postgres-migrations",
    sends: "file",
    mark: { line: /-- postgres-migrations disable-transaction/, sends: "query" },
  },
  {
    tool: "graphile-migrate",
    sends: "file",
    // The first line behind its header.
    mark: { line: /^(?:--! [A-Z].*\n)*\s*--!\s*no-transaction\b/, sends: "query" },
  },
  {
    tool: "prairielearn",
    sends: "file",
    mark: { line: /^--\s*prairielearn:migrations\s+NO TRANSACTION\s*$/m, sends: "query" },
  },
  { tool: "knex", sends: "deploy" },
  { tool: "typeorm", sends: "deploy" },
  { tool: "kysely", sends: "deploy" },
  { tool: "mikro-orm", sends: "deploy" },
  { tool: "sequelize", sends: "statement" },
  { tool: "umzug", sends: "statement" },
  {
    tool: "lockstep",
    sends: undefined,
    mark: { line: /^[ \t]*--\s*lockstep:\s*no-transaction\s*$/m, sends: "units" },
  },
];

/** How a tool sends a file that says nothing; undefined for a tool that is not known. */
export function sendingOf(tool: string): Sending | undefined {
  return senders.find((sender) => sender.tool === tool)?.sends;
}

/** What of a migration hangs on how its file asks to be sent. */
export type Asked =
  | { readonly sends: Sending; readonly transaction: "file" | "statement" }
  | Readonly<Record<string, never>>;

/** How a file asks its own tool to be sent, by a line in it; nothing when it does not. */
export function askedOf(tool: string, sql: string): Asked {
  const mark = senders.find((sender) => sender.tool === tool)?.mark;
  return mark?.line.test(sql) === true ? sentAs(mark.sends) : {};
}

/**
 * How a file asks its own tool to be sent, by what lies beside it; nothing when it does not.
 * @param path absolute
 * @param read gives the text of a file beside it, undefined when there is none
 */
export function askedBeside(
  tool: string,
  path: string,
  read: (path: string) => string | undefined,
): Asked {
  const beside = senders.find((sender) => sender.tool === tool)?.beside;
  const text = beside === undefined ? undefined : read(beside.file(path));
  return text !== undefined && beside!.line.test(text) ? sentAs(beside!.sends) : {};
}

/** A file that asks for this. Lockstep's own runner then takes each statement by itself. */
export function sentAs(sends: Sending): Asked {
  const isAlone = sends === "statement" || sends === "query";
  return { sends, transaction: isAlone ? "statement" : "file" };
}

/** What every mark has in it, behind the dashes of a comment: most files have none of these. */
const anyMark =
  /--.*(?:no[- ]transaction|disable-t|\+goose\s+no|\+migrate\s+up|migrate:up|atlas:txmode|tern: disable)/i;

const sendersThatLookBeside = senders.filter(({ beside }) => beside !== undefined);

/**
 * How a file asks to be sent; undefined when it says nothing.
 * @param path absolute
 * @param read gives the text of a file beside it, undefined when there is none
 */
export function askedSending(
  sql: string,
  path: string,
  read: (path: string) => string | undefined,
): Sending | undefined {
  const mayAsk = anyMark.test(sql);
  for (const { mark, beside } of mayAsk ? senders : sendersThatLookBeside) {
    if (mayAsk && mark?.line.test(sql) === true) return mark.sends;
    if (beside === undefined) continue;
    const text = read(beside.file(path));
    if (text !== undefined && beside.line.test(text)) return beside.sends;
  }
  return undefined;
}
