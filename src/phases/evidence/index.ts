export {
  parseConsent,
  requireNewGone,
  requireOldGone,
  type Consent,
  type Evidence,
} from "./require.ts";
