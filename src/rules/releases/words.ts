import type { Break } from "../../effects/index.ts";
import type { Severity, WayOut } from "../finding.ts";

/** How a kind of break is told. */
export interface BreakWords {
  readonly severity: Severity;
  readonly message: string;
  /** What the release that still runs meets, with the error that it gets. */
  readonly why: string;
  readonly wayOut: WayOut;
}

const phases: WayOut = {
  text: "Add the new form beside the old one, ship a release that writes both and reads the new one, and take the old one away when the last older instance is gone: `lockstep plan` writes the phases.",
  needsPlan: true,
};

const last: WayOut = {
  text: "Ship a release that no longer needs it first, wait until the last older instance is gone, and then do this in a migration of its own.",
  needsPlan: true,
};

/** Words for a break whose object is named as people know it. */
export function words({ object, how, to }: Break): BreakWords {
  const new_ = to === undefined ? "" : ` ${to}`;
  switch (how) {
    case "renamed":
    case "moved":
      return {
        severity: "error",
        message: `${object} becomes${new_}: the release that runs still asks for the old name`,
        why: "what names it in the old release fails from this commit on (42P01 relation, 42703 column, 42883 function, 42704 type), in the new one until then: no order of migration and deploy has both work, and an ORM names every column in SELECT and RETURNING",
        wayOut: phases,
      };
    case "dropped":
      return {
        severity: "warning",
        message: `${object} is dropped: a release that still uses it fails`,
        why: "whatever names it fails from this commit on (42P01 relation, 42703 column, 42883 function, 42704 type)",
        wayOut: last,
      };
    case "retyped":
      return {
        // Without a rewrite only timestamp and timestamptz become each other: the old parameters are still accepted.
        severity: to?.startsWith("timestamp") === true ? "info" : "warning",
        message: `${object} becomes${new_}: the release that runs reads and writes the old type`,
        why: "parameters of the old type may no longer be accepted, and drivers hand values of the new one out differently (node-postgres gives bigint and numeric as strings, timestamptz and timestamp as other instants)",
        wayOut: phases,
      };
    case "narrowed":
      return {
        severity: "warning",
        message: `${object} accepts less${to === undefined ? "" : ` (${to})`}: writes of the release that runs may be refused`,
        why: "values that the old release may still write fail with 22001, 22003 or 23514",
        wayOut: {
          text: "Ship a release that writes only what will be accepted before the limit is set.",
        },
      };
    case "not-null":
      return {
        severity: "warning",
        message: `${object} must not be null from now on, and its nulls were filled just before`,
        why: "the release that runs left it null, or there would have been nothing to fill: its INSERT or UPDATE now fails with 23502",
        wayOut: { text: "Ship a release that always fills it before the rule is set." },
      };
    case "required":
      return {
        severity: "error",
        message: `${object} is required and has no default: INSERTs of the release that runs do not name it`,
        why: "every INSERT that leaves the column out fails with 23502 from this commit on",
        wayOut: {
          text: "Give the column a default, which is free when it is a constant, and drop the default when every release writes the column.",
          needsPlan: true,
        },
      };
    case "default-dropped":
      return {
        severity: "warning",
        message: `${object} loses its default: INSERTs of the release that runs which leave the column out fail`,
        why: "the column is NOT NULL: an INSERT that relied on the default fails with 23502",
        wayOut: last,
      };
    case "enum-value-renamed":
      return {
        severity: "error",
        message: `enum value ${object} becomes${new_}: the release that runs still writes and compares the old one`,
        why: "the old spelling fails with 22P02 (invalid input value for enum) from this commit on, in SELECT as in INSERT; logical replication sends the label too",
        wayOut: {
          text: "Add the new value beside the old one, let a release write it and read both, then change the rows; a value that is no longer written may stay.",
          needsPlan: true,
        },
      };
    case "enum-value-dropped":
      return {
        severity: "error",
        message: `enum value ${object} is gone: the release that runs fails when it writes or compares it`,
        why: "the label fails with 22P02 (invalid input value for enum), in SELECT as in INSERT",
        wayOut: last,
      };
    case "view-changed":
      return {
        severity: "warning",
        message: `view ${object} no longer has the columns that it had`,
        why: "a release that selects a column that is gone fails with 42703, and one that reads by position gets another column",
        wayOut: {
          text: "Make a second view under a new name, and drop the old one when nobody reads it.",
        },
      };
    case "function-changed":
      return {
        severity: "warning",
        message: `${object} changes under the release that runs`,
        why: "calls with the old arguments fail with 42883, or get a result of another type",
        wayOut: {
          text: "Create the new form beside the old one (another name, or other arguments), and drop the old one when nobody calls it.",
        },
      };
    case "constraint-dropped":
      return {
        severity: "info",
        message: `${object} is dropped: INSERT … ON CONFLICT that relies on it fails`,
        why: "an upsert needs a unique index on exactly its columns and fails without one with 42P10; a release that relies on the constraint to refuse duplicates no longer gets an error",
        wayOut: last,
      };
    case "emptied":
      return {
        severity: "error",
        message: `${object} is emptied under the release that runs`,
        why: "readers find no rows from this commit on, without an error",
        wayOut: last,
      };
    case "read-only":
      return {
        severity: "error",
        message: `${object} no longer takes a value: an INSERT or UPDATE of the release that runs which writes it fails`,
        why: "a generated column, and an identity column GENERATED ALWAYS, refuse a value of one's own with 428C9 (measured on 14 and 18)",
        wayOut: last,
      };
  }
}
