import { qualifiedName } from "../sql/index.ts";
import { columnsAdded } from "./added-constraints.ts";
import type { Rule } from "./rule.ts";
import { subjectOf } from "./subject.ts";

export interface ColumnTypeAdvice {
  readonly id: string;
  readonly title: string;
  /** Types that are advised against, by internal name. */
  readonly types: readonly string[];
  /** Only where it was given a length or precision. */
  readonly withModifiers?: boolean;
  readonly message: (column: string, type: string) => string;
  readonly why: string;
  readonly instead: string;
}

/** A rule of style: a new column's type has a better one. Off until it is asked for. */
export function columnTypeAdvice(advice: ColumnTypeAdvice): Rule {
  const types = new Set(advice.types);
  return {
    id: advice.id,
    title: advice.title,
    severity: "info",
    kind: "advice",
    *statement(input) {
      for (const { relation, column } of columnsAdded(input.statement)) {
        const { names = [], typmods = [] } = column.typeName ?? {};
        const last = names.at(-1);
        const type = last !== undefined && "String" in last ? (last.String.sval ?? "") : "";
        if (!types.has(type) || (advice.withModifiers === true && typmods.length === 0)) continue;
        const name = `${subjectOf(input, relation).name}.${qualifiedName(column.colname ?? "")}`;
        yield {
          at: input,
          message: advice.message(name, type),
          why: advice.why,
          wayOut: { text: advice.instead },
        };
      }
    },
  };
}
