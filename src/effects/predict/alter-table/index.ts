export { predictAlterDepends } from "./depends.ts";
export { predictAlterDomain } from "./domain.ts";
export { predictAlterOwner } from "./owner.ts";
export { predictAlterSequence } from "./sequence.ts";
export { predictAlterTable } from "./alter-table.ts";
export { predictAlterType } from "./type.ts";
export { predictRename } from "./rename.ts";
export { predictSetSchema } from "./set-schema.ts";
