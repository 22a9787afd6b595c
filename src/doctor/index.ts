export { all as examinations } from "./all.ts";
export { examine, type DoctorReport, type Examined } from "./doctor.ts";
export type { Diagnosis, Verdict } from "./examination.ts";
export { pointInTimeRecovery } from "./examinations/point-in-time-recovery.ts";
export { readProvider } from "./provider.ts";
