import { columnTypeAdvice } from "./column-type-advice.ts";

export const preferJsonb = columnTypeAdvice({
  id: "prefer-jsonb",
  title: "Makes a json column",
  types: ["json"],
  message: (column) => `${column} is json, which has no equality operator`,
  why: "SELECT DISTINCT, GROUP BY and UNION over a row that holds a json column fail with 42883 (could not identify an equality operator for type json); jsonb has one, and can be indexed",
  instead: "Declare the column jsonb, unless key order or duplicate keys must be kept.",
});
