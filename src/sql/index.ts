export { maskLiterals } from "./mask.ts";
export { loadParser, parseSql, type ParseNode, type Statement } from "./parse.ts";
export { quoteIdent, quoteLiteral, quoteQualified } from "./quote.ts";
