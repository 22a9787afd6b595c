import type { Node } from "@pgsql/types";
import { quoteIdent, type Statement } from "../../sql/index.ts";

/** What a statement does to the session's settings. */
export type SettingChange =
  | {
      readonly kind: "set";
      /** Lower case. */
      readonly name: string;
      /** Undefined when the text does not show it, e.g. `set_config('x', y, false)`. */
      readonly value: string | undefined;
      /** True for SET LOCAL: it ends with the transaction and does nothing outside one. */
      readonly local: boolean;
    }
  /** Back to the default of the session: RESET and SET … TO DEFAULT. */
  | { readonly kind: "reset"; readonly name: string; readonly local: boolean }
  | { readonly kind: "reset-all" };

/** The changes that a statement makes, in order. */
export function settingChanges({ node }: Pick<Statement, "node">): readonly SettingChange[] {
  if ("VariableSetStmt" in node) {
    const { kind, name, args = [], is_local: local = false } = node.VariableSetStmt;
    if (kind === "VAR_RESET_ALL") return [{ kind: "reset-all" }];
    if (name === undefined || kind === "VAR_SET_MULTI") return [];
    const lower = name.toLowerCase();
    if (kind === "VAR_RESET" || kind === "VAR_SET_DEFAULT")
      return [{ kind: "reset", name: lower, local }];
    // Names are quoted where the list is one of identifiers (GUC_LIST_QUOTE).
    const quote = lower === "search_path" ? quoteIdent : undefined;
    const value = kind === "VAR_SET_VALUE" ? listText(args, quote) : undefined;
    return [{ kind: "set", name: lower, value, local }];
  }
  if ("DiscardStmt" in node)
    return node.DiscardStmt.target === "DISCARD_ALL" ? [{ kind: "reset-all" }] : [];
  if (!("SelectStmt" in node)) return [];
  return (node.SelectStmt.targetList ?? []).flatMap((target) => {
    const value = "ResTarget" in target ? target.ResTarget.val : undefined;
    return value !== undefined && "FuncCall" in value ? setConfig(value.FuncCall) : [];
  });
}

function setConfig(call: { funcname?: Node[]; args?: Node[] }): readonly SettingChange[] {
  const last = call.funcname?.at(-1);
  if (last === undefined || !("String" in last) || last.String.sval !== "set_config") return [];
  const [name, value, local] = (call.args ?? []).map(constantText);
  if (name === undefined) return [];
  // What is neither plainly true nor plainly false may be local: then it ends with the transaction.
  const change = { name: name.toLowerCase(), local: local !== "false" };
  return [{ kind: "set", ...change, value }];
}

/** `a, b` of SET name TO a, b; constants only. */
function listText(
  args: readonly Node[],
  quote: (text: string) => string = (text) => text,
): string | undefined {
  const texts = args.map(constantText);
  return texts.includes(undefined) ? undefined : texts.map((text) => quote(text!)).join(", ");
}

/** Text of a constant as the server would take it for a setting; undefined for anything else. */
function constantText(node: Node): string | undefined {
  if ("TypeCast" in node) {
    const { arg } = node.TypeCast;
    return arg === undefined ? undefined : constantText(arg);
  }
  if (!("A_Const" in node)) return undefined;
  const { sval, ival, fval, boolval } = node.A_Const;
  if (sval !== undefined) return sval.sval ?? "";
  // Protobuf leaves out what is zero.
  if (ival !== undefined) return String(ival.ival ?? 0);
  if (fval !== undefined) return fval.fval;
  return boolval === undefined ? undefined : String(boolval.boolval ?? false);
}

/** Milliseconds per unit of a time setting (guc.c, time_unit_conversion_table). */
const units: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * A timeout setting in milliseconds, as guc.c reads it: a number without a unit is milliseconds, 0 is off.
 * @returns undefined for what is no such value
 */
export function timeoutMs(value: string): number | undefined {
  const match = /^\s*([+-]?\d*\.?\d+(?:e[+-]?\d+)?)\s*([a-z]*)\s*$/i.exec(value);
  const unit = match?.[2] === "" ? 1 : units[match?.[2] ?? ""];
  if (match === null || unit === undefined) return undefined;
  return Math.round(Number(match[1]) * unit);
}
