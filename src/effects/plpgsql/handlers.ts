/** SQLSTATEs of the condition names that migrations catch (manual, appendix A). */
const states: Readonly<Record<string, string>> = {
  assert_failure: "P0004",
  cannot_coerce: "42846",
  check_violation: "23514",
  datatype_mismatch: "42804",
  dependent_objects_still_exist: "2BP01",
  duplicate_column: "42701",
  duplicate_database: "42P04",
  duplicate_function: "42723",
  duplicate_object: "42710",
  duplicate_schema: "42P06",
  duplicate_table: "42P07",
  exclusion_violation: "23P01",
  feature_not_supported: "0A000",
  foreign_key_violation: "23503",
  insufficient_privilege: "42501",
  integrity_constraint_violation: "23000",
  invalid_foreign_key: "42830",
  invalid_object_definition: "42P17",
  invalid_parameter_value: "22023",
  invalid_schema_name: "3F000",
  invalid_table_definition: "42P16",
  invalid_text_representation: "22P02",
  lock_not_available: "55P03",
  not_null_violation: "23502",
  object_in_use: "55006",
  object_not_in_prerequisite_state: "55000",
  raise_exception: "P0001",
  restrict_violation: "23001",
  syntax_error: "42601",
  syntax_error_or_access_rule_violation: "42000",
  undefined_column: "42703",
  undefined_file: "58P01",
  undefined_function: "42883",
  undefined_object: "42704",
  undefined_parameter: "42P02",
  undefined_table: "42P01",
  unique_violation: "23505",
  wrong_object_type: "42809",
};

/** SQLSTATE that RAISE names: a condition or five characters. Without any it is that of raise_exception. */
export function raisedState(condition = "raise_exception"): string | undefined {
  return Object.hasOwn(states, condition)
    ? states[condition]
    : isState(condition)
      ? condition
      : undefined;
}

function isState(text: string): boolean {
  return text.length === 5 && text === text.toUpperCase();
}

/**
 * True when a handler for this condition (a name, or the five characters of WHEN SQLSTATE) catches the error. A condition
 * that ends in 000 stands for its whole class (manual 43.6.8).
 */
export function catches(condition: string, sqlState: string): boolean {
  // Neither a cancelled query nor a failed assertion is one of the others (manual 43.6.8).
  if (condition === "others") return sqlState !== "57014" && sqlState !== "P0004";
  const state = states[condition] ?? condition.toUpperCase();
  return (
    state === sqlState || (state.endsWith("000") && state.slice(0, 2) === sqlState.slice(0, 2))
  );
}
