export { maskLiterals } from "./mask.ts";
export { namePart, nameWithin, qualifiedName, type QualifiedName } from "./names.ts";
export {
  beforeParserLoads,
  loadedParser,
  loadParser,
  parseLoaded,
  parsePlPgSql,
  parseSql,
  ProgramTooDeep,
  type ParseNode,
  type Statement,
} from "./parse.ts";
export { shapeOf } from "./shape.ts";
export { quoteIdent, quoteLiteral, quoteQualified } from "./quote.ts";
