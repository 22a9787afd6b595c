import { qualifiedName } from "../../catalog/index.ts";
import { quoteIdent } from "../../sql/index.ts";
import { named, writtenName } from "../lookup.ts";
import { firstMention } from "../mentions.ts";
import { transaction } from "../model.ts";
import type { OperationInput, Recognised, Refusal } from "./operation.ts";

/**
 * `ALTER … RENAME` of what has no second name: things that applications hardly ever name wait for the contract phase;
 * the others have no way but two migrations.
 */
export function renameOther({
  statement,
  following,
  start,
  searchPath,
}: OperationInput): Recognised | Refusal | undefined {
  const { node, sql } = statement;
  if ("AlterEnumStmt" in node && node.AlterEnumStmt.oldVal !== undefined) {
    const { typeName = [], oldVal, newVal = "" } = node.AlterEnumStmt;
    const existed = named(start.enums, writtenName(typeName), searchPath) !== undefined;
    return existed ? renamedLabel(sql, oldVal, newVal) : undefined;
  }
  if (!("RenameStmt" in node)) return undefined;
  const { renameType = "", newname = "", relation } = node.RenameStmt;
  const isAttribute = renameType === "OBJECT_ATTRIBUTE" && relation !== undefined;
  // A type that the migration makes is no release's yet.
  if (isAttribute && named(start.compositeTypes, relation, searchPath) === undefined)
    return undefined;
  const title = sql.split("\n", 1)[0]!;
  const twice = needsTwo[renameType];
  if (twice !== undefined)
    return {
      title,
      refused: {
        why: `${twice.what} has one name, and one of the two releases would not find it`,
        instead: [twice.instead],
      },
    };
  const seldom = seldomNamed[renameType];
  if (seldom === undefined) return undefined;
  const mention = firstMention(following, newname);
  if (mention !== undefined)
    return {
      title,
      refused: {
        why: `a later statement of the same migration (line ${mention.line}) names ${quoteIdent(newname)}, which gets its name in the contract phase only`,
        instead: ["rename it in a migration of its own"],
      },
    };
  const sequence =
    renameType === "OBJECT_SEQUENCE" && relation !== undefined
      ? named(start.sequences, relation, searchPath)
      : undefined;
  return {
    title,
    planned: {
      narrow: [transaction(title, [sql])],
      exemptions:
        sequence === undefined
          ? []
          : [{ kind: "late-name", relation: qualifiedName(sequence.schema, newname) }],
      notes:
        seldom === ""
          ? []
          : [`${quoteIdent(newname)} has its new name from the contract phase on: ${seldom}`],
    },
  };
}

/** What names such a thing, empty for those that no statement of an application names. */
const seldomNamed: Readonly<Record<string, string>> = {
  OBJECT_TABCONSTRAINT:
    "until then ON CONFLICT ON CONSTRAINT and code that reads the names of violated constraints find the old one",
  OBJECT_INDEX: "",
  OBJECT_TRIGGER: "",
  OBJECT_POLICY: "",
  OBJECT_RULE: "",
  OBJECT_STATISTIC_EXT: "",
  OBJECT_SEQUENCE:
    "until then nextval, currval and setval find it by the old one, and the gate stops a release whose contract names the new one; defaults and identities follow by themselves",
};

const needsTwo: Readonly<Record<string, { readonly what: string; readonly instead: string }>> = {
  OBJECT_FUNCTION: {
    what: "a function",
    instead:
      "create it under the new name beside the old one, and drop the old one in a later migration",
  },
  OBJECT_PROCEDURE: {
    what: "a procedure",
    instead:
      "create it under the new name beside the old one, and drop the old one in a later migration",
  },
  OBJECT_ROUTINE: {
    what: "a routine",
    instead:
      "create it under the new name beside the old one, and drop the old one in a later migration",
  },
  OBJECT_AGGREGATE: {
    what: "an aggregate",
    instead:
      "create it under the new name beside the old one, and drop the old one in a later migration",
  },
  OBJECT_SCHEMA: {
    what: "a schema",
    instead:
      "create the new schema with views of the tables, let the new release use it, and move the tables when the old release is gone",
  },
  OBJECT_TYPE: {
    what: "a type",
    instead:
      "keep its name in the database and map the new one to it in the code; statements that do not cast to it do not need it",
  },
  OBJECT_DOMAIN: {
    what: "a domain",
    instead:
      "keep its name in the database and map the new one to it in the code; statements that do not cast to it do not need it",
  },
  OBJECT_ATTRIBUTE: {
    what: "an attribute of a type",
    instead: "create a second type, with a column of it beside the old one",
  },
};

function renamedLabel(sql: string, from: string, to: string): Refusal {
  return {
    title: sql.split("\n", 1)[0]!,
    refused: {
      why: `a row has one label: the release that runs reads and writes '${from}' where the new one expects '${to}'`,
      instead: [
        `ADD VALUE '${to}', let a release read both labels and write the new one, then update the rows and drop '${from}' with the type replaced`,
        "give the column a new name with the conversion in each direction (docs/plan-directives.md)",
      ],
    },
  };
}
