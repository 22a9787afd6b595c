import { quoteIdent, quoteQualified } from "../../sql/index.ts";
import { apartFunction, rowFunction } from "./apart.ts";
import { rowExpression } from "./expression.ts";
import { apartBody } from "./function-body.ts";
import { flagColumn, madeName } from "./names.ts";
import { rowTrigger, triggerFunction } from "./trigger.ts";

/**
 * A column that both releases know by the same name and that gets another form on the way. First the new form is a
 * second column, computed from the first; then the two exchange places, and the old form is the one that is computed,
 * so that going back loses nothing.
 */
export interface Shadow {
  /** What both releases call it. */
  readonly column: string;
  /** Name of the new form until they exchange places. */
  readonly made: string;
  /** Name of the old form from then on. */
  readonly kept: string;
  /** The new form, as an SQL expression over `column` in its old form. */
  readonly up: string;
  /** The old form, as an SQL expression over `column` in its new form. */
  readonly down: string;
}

/** What keeps a second form in step, in one table; each statement can be repeated without harm. */
export interface ShadowStatements {
  readonly start: readonly string[];
  readonly stop: readonly string[];
  /** For the transaction in which the forms exchange places, and for the one in which they do so again. */
  readonly exchanged: readonly string[];
  readonly exchangedBack: readonly string[];
}

export interface ShadowPlace {
  readonly plan: string;
  readonly table: { readonly schema: string; readonly name: string };
  readonly searchPath: readonly string[];
  /** True for the one of its table's that fires last: it sets the flag, for all. False by default. */
  readonly isLast?: boolean;
}

/** Name of its trigger. */
export function shadowTrigger(plan: string, { column }: Pick<Shadow, "column">): string {
  return madeName("~lockstep", plan, column);
}

/**
 * A trigger that computes the form which no release writes. Only one side is ever written, so nothing has to be told
 * apart; a statement that does not touch the column leaves what the conversion back would lose.
 *
 * @throws LockstepError `plan-expression` when an expression reads anything but the column
 */
export async function shadowStatements(
  { plan, table, searchPath, isLast = false }: ShadowPlace,
  shadow: Shadow,
): Promise<ShadowStatements> {
  const { schema, name } = table;
  const on = quoteQualified(schema, name);
  const routine = quoteQualified("lockstep", madeName("shadow", plan, schema, name, shadow.column));
  const apart = apartFunction(plan, table, shadow.column);
  // Behind the trigger of the table's other mappings, and thereby behind the table's own.
  const trigger = quoteIdent(shadowTrigger(plan, shadow));
  const flag = quoteIdent(flagColumn(plan));
  const expression = (text: string) => rowExpression(text, name, `plan ${plan}`);
  const [toNew, toOld] = [await expression(shadow.up), await expression(shadow.down)];
  const path = ["pg_catalog", ...searchPath.map(quoteIdent), "pg_temp"].join(", ");
  // Those that fire later have to see what a statement sets the flag to.
  const filled = ["  IF TG_NARGS > 0 THEN", `    NEW.${flag} := 1;`, "  END IF;"];
  const routineOf = (lines: readonly string[]) =>
    triggerFunction(
      routine,
      path,
      ["BEGIN", ...lines, ...filled, "  RETURN NEW;", "END"].join("\n"),
    );
  const [column, made, kept] = [shadow.column, shadow.made, shadow.kept].map(quoteIdent);
  const up = `  NEW.${made} := ${toNew.over("NEW")};`;
  const down = `NEW.${kept} := ${toOld.over("NEW")};`;
  const image = (row: string) => `ROW(${row}.${column})::pg_catalog.record`;
  const exchanged = routineOf([
    "  IF TG_OP = 'INSERT' THEN",
    // The kept column has the place that the column had: an INSERT without a list of columns gives it. One that gives it
    // NULL looks like one that does not give it.
    `    IF NEW.${kept} IS DISTINCT FROM NULL THEN`,
    `      NEW.${column} := ${toNew.over("NEW", () => shadow.kept)};`,
    "    END IF;",
    `    ${down}`,
    // Who sets the flag to 0 or -1 has the old form computed anew: both releases write the new one.
    `  ELSIF NEW.${flag} < 1 OR ${image("NEW")} OPERATOR(pg_catalog.*<>) ${image("OLD")} THEN`,
    `    ${down}`,
    "  END IF;",
  ]);
  const pair = {
    old: [{ name: shadow.kept, from: toOld }],
    new: [
      {
        name: shadow.column,
        from: { ...toNew, over: (row: string) => toNew.over(row, () => shadow.kept) },
      },
    ],
  };
  return {
    start: [
      routineOf([up]),
      ...rowTrigger(trigger, on, "INSERT OR UPDATE", routine, isLast ? ["last"] : []),
    ],
    stop: [
      `DROP TRIGGER IF EXISTS ${trigger} ON ${on}`,
      `DROP FUNCTION IF EXISTS ${routine}()`,
      `DROP FUNCTION IF EXISTS ${apart}(${on})`,
    ],
    exchanged: [exchanged, rowFunction(apart, on, path, apartBody([pair], flag))],
    exchangedBack: [routineOf([up]), `DROP FUNCTION IF EXISTS ${apart}(${on})`],
  };
}
