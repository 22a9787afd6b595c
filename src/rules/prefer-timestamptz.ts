import { columnTypeAdvice } from "./column-type-advice.ts";

export const preferTimestamptz = columnTypeAdvice({
  id: "prefer-timestamptz",
  title: "Makes a timestamp without time zone",
  types: ["timestamp"],
  message: (column) => `${column} is timestamp without time zone: it does not say which instant`,
  why: "it keeps the digits that it was given: sessions with different TimeZone settings read and compare it differently, whereas timestamptz takes the same eight bytes and keeps the instant",
  instead: "Declare the column timestamptz (timestamp with time zone).",
});
