import fc from "fast-check";

/**
 * Property tests draw the same cases every time, so that a run that fails fails again; `LOCKSTEP_FUZZ=1` draws new ones.
 */
if (process.env["LOCKSTEP_FUZZ"] === undefined) fc.configureGlobal({ seed: 20_261_122 });
