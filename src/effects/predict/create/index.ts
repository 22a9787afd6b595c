export { predictCreateIndex } from "./create-index.ts";
export { predictAlterPublication, predictCreatePublication } from "./publication.ts";
export { predictCreateRoutine } from "./routine.ts";
export { predictPolicy, predictRule, predictStatistics, predictTrigger } from "./attached.ts";
export {
  predictAlterEnum,
  predictCreateExtension,
  predictCreateSchema,
  predictCreateSequence,
  predictCreateType,
} from "./objects.ts";
export { predictCreateTable } from "./table.ts";
export { predictCreateTableAs, predictSelectInto } from "./table-as.ts";
export { predictView } from "./view.ts";
