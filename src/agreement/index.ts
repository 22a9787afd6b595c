export { compareThree, type AgreementRequest, type CodeSide } from "./compare.ts";
export {
  betweenSentence,
  brokenNeeds,
  brokenNext,
  brokenSentence,
  endedNext,
  endedSentence,
  unmadeNext,
  unmadeSentence,
  waitingSentence,
  withStatements,
  type BrokenNeed,
} from "./code-statements.ts";
export type { DatabaseFacts } from "./cause-database.ts";
export type * from "./model.ts";
export { byHandEvidence } from "./evidence.ts";
export { agreementRules, isOfCode, ruleOf } from "./rules.ts";
export { pairOf, type Pair } from "./pairs.ts";
export { thingsOf, whatIs, type Thing } from "./things.ts";
