import { columnTypeAdvice } from "./column-type-advice.ts";

export const noChar = columnTypeAdvice({
  id: "no-char",
  title: "Makes a char(n) column",
  types: ["bpchar"],
  message: (column) => `${column} is char(n): values are padded with blanks`,
  why: "char(n) pads what is shorter, ignores trailing blanks in comparisons and drops them when it is cast to text, so the same value differs from one expression to the next; it is not faster than text",
  instead: "Declare the column text, with CHECK (length(column) = n) where the length is fixed.",
});
