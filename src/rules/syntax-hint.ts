import { loadedParser } from "../sql/index.ts";
/**
 * What to say beside a syntax error that comes from psql, or from another database's SQL; for the error's `why`.
 *
 * @param text the SQL that was refused
 * @param message Postgres' own, e.g. `syntax error at or near "LIMIT"`
 * @param lineNumber of the error, 1-based
 * @returns undefined when nothing better can be said than Postgres did
 */
export function explainSyntaxError(
  text: string,
  message: string,
  lineNumber: number,
): string | undefined {
  const lines = text.split("\n");
  const line = lines[lineNumber - 1] ?? "";
  const near = nearOf(message);
  if (near === "\\") return metaCommand(line.slice(line.indexOf("\\") + 1));
  if (near === ":")
    return ":name is a variable of psql or a placeholder of a driver, and nothing gives it a value when a migration is sent";
  if (near === "LIMIT" || near === "ORDER") return limitedChange(text, near);
  if (isBehindCopy(lines.slice(0, lineNumber - 1).join("\n")))
    return "the rows behind COPY … FROM stdin are data that psql sends, not SQL: write them as INSERT";
  if (tokensOf(line).some(({ text: token }) => token === "`"))
    return "names in backquotes are MySQL's: Postgres has them in double quotes";
  return otherDatabases[near];
}

/** Between the outermost quotes: the token may hold quotes itself. */
function nearOf(message: string): string {
  const before = 'at or near "';
  const at = message.indexOf(before);
  return at === -1 ? "" : message.slice(at + before.length, -1).toUpperCase();
}

const connects = "what runs the migrations connects by itself, so take the line out";
const includes = "put the SQL of that file here";
const dumped = "pg_dump writes it around a dump for psql, so take the line out";

/** psql's commands that migrations are found with, and what to do instead (psql(1), "Meta-Commands"). */
const insteadOf: Readonly<Record<string, string>> = {
  c: connects,
  connect: connects,
  copy: "write the rows as INSERT, or COPY them from a file of the server",
  gexec: "EXECUTE what the query gives in a DO block",
  i: includes,
  include: includes,
  include_relative: includes,
  ir: includes,
  restrict: dumped,
  set: "write the value where it is used",
  unrestrict: dumped,
};

function metaCommand(rest: string): string {
  const name = rest.split(/[\s;]/, 1)[0]!;
  return `\\${name} is a command of psql, not SQL, and no server knows it: ${insteadOf[name] ?? "take the line out"}`;
}

const alterColumn = "Postgres has ALTER COLUMN … TYPE and RENAME COLUMN … TO";

/** Words at which another database's SQL stops being Postgres'. */
const otherDatabases: Readonly<Record<string, string>> = {
  AUTO_INCREMENT: "AUTO_INCREMENT is MySQL's: Postgres has GENERATED ALWAYS AS IDENTITY",
  AUTOINCREMENT: "AUTOINCREMENT is SQLite's: Postgres has GENERATED ALWAYS AS IDENTITY",
  CHANGE: `CHANGE is MySQL's: ${alterColumn}`,
  DELIMITER: "DELIMITER is a command of MySQL's client: Postgres has bodies between $$ and $$",
  ENGINE: "ENGINE is MySQL's: leave it out",
  GO: "GO is a command of SQL Server's client: end statements with a semicolon",
  MODIFY: `MODIFY is MySQL's: ${alterColumn}`,
};

function limitedChange(text: string, near: "LIMIT" | "ORDER"): string | undefined {
  const command = changeWith(text, near);
  if (command === undefined) return undefined;
  return `Postgres has no ${command} … ${near === "ORDER" ? "ORDER BY … LIMIT" : "LIMIT"} (MySQL does): pick the rows in a sub-select, in key order, e.g. ${command === "UPDATE" ? "UPDATE t SET …" : "DELETE FROM t"} WHERE id IN (SELECT id FROM t WHERE … ORDER BY id LIMIT 1000), and commit after each batch`;
}

/** The UPDATE or DELETE that has this word outside of parentheses; from tokens, for the text does not parse. */
function changeWith(text: string, word: string): "UPDATE" | "DELETE" | undefined {
  let depth = 0;
  let first: string | undefined;
  let command: "UPDATE" | "DELETE" | undefined;
  for (const { text: token, tokenName } of tokensOf(text)) {
    if (tokenName.endsWith("COMMENT")) continue;
    const upper = token.toUpperCase();
    first ??= upper;
    if (token === ";") {
      first = undefined;
      command = undefined;
    } else if (token === "(") depth++;
    else if (token === ")") depth--;
    else if (depth === 0 && (upper === "UPDATE" || upper === "DELETE")) {
      if (upper === first || first === "WITH") command = upper;
    } else if (depth === 0 && command !== undefined && upper === word) return command;
  }
  return undefined;
}

/** True when the last statement of a text is COPY … FROM stdin. */
function isBehindCopy(text: string): boolean {
  const words = tokensOf(text)
    .filter(({ tokenName }) => !tokenName.endsWith("COMMENT"))
    .map(({ text: token }) => token.toUpperCase());
  if (words.at(-1) !== ";") return false;
  const statement = words.slice(words.lastIndexOf(";", -2) + 1);
  return statement[0] === "COPY" && statement.includes("STDIN");
}

function tokensOf(text: string) {
  try {
    return loadedParser().scanSync(text).tokens;
  } catch {
    return [];
  }
}
