import { columnTypeAdvice } from "./column-type-advice.ts";

export const preferText = columnTypeAdvice({
  id: "prefer-text",
  title: "Makes a varchar column with a length",
  types: ["varchar"],
  withModifiers: true,
  message: (column) => `${column} has a length in its type: narrowing it later rewrites the table`,
  why: "varchar(n) and text are stored alike; widening n changes the catalog only; narrowing it checks and rewrites every row under ACCESS EXCLUSIVE, whereas a CHECK can be added NOT VALID and validated while writes go on",
  instead: "Declare the column text, with CHECK (length(column) <= n) where a limit is meant.",
});
