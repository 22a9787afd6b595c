/** `code` of `person` becomes the integer `number`; values that are none are parked. */
export const parkedNaive = `
-- lockstep: park number
-- lockstep: code = number::text
ALTER TABLE person ADD COLUMN number integer;
UPDATE person SET number = code::integer;
ALTER TABLE person DROP COLUMN code;
`;
