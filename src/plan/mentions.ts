import { loadedParser, type Statement } from "../sql/index.ts";

/**
 * The first statement in which a name stands, as an identifier or inside a string: what refers to something that takes
 * place in another phase cannot be left where it is.
 */
export function firstMention(
  statements: readonly { readonly statement: Statement }[],
  name: string,
): Statement | undefined {
  return statements.find(({ statement }) => mentions(statement, name))?.statement;
}

function mentions({ sql }: Statement, name: string): boolean {
  const { tokens } = loadedParser().scanSync(sql);
  return tokens.some(({ text, tokenName }) => {
    if (text.startsWith('"')) return text.slice(1, -1).replaceAll('""', '"') === name;
    if (tokenName === "SCONST") return text.includes(name);
    return text.toLowerCase() === name;
  });
}
