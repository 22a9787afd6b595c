export { maskLiterals } from "./mask.ts";
export {
  loadedParser,
  loadParser,
  parseLoaded,
  parseSql,
  type ParseNode,
  type Statement,
} from "./parse.ts";
export { quoteIdent, quoteLiteral, quoteQualified } from "./quote.ts";
