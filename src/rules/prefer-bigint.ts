import { columnTypeAdvice } from "./column-type-advice.ts";

export const preferBigint = columnTypeAdvice({
  id: "prefer-bigint",
  title: "Makes a column of a small integer type",
  types: ["int2", "int4"],
  message: (column, type) =>
    `${column} is ${type === "int2" ? "smallint" : "integer"}: bigint would never run out`,
  why: "changing integer to bigint later rewrites the table and its indexes under ACCESS EXCLUSIVE, and alignment often makes the four bytes saved cost nothing",
  instead: "Declare the column bigint unless its values are bounded by nature.",
});
