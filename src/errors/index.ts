export { errorCodes, type ErrorCode } from "./codes.ts";
export { isLockstepError, LockstepError, type Explanation } from "./lockstep-error.ts";
export { quoteNames, shellWord } from "./shell-word.ts";
export { suggest } from "./suggest.ts";
export { packageRoot, version } from "./version.ts";
