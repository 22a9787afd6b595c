/** Text between dollar quotes whose tag it does not hold itself. */
export function dollarQuoted(body: string): string {
  let tag = "$lockstep$";
  for (let n = 1; body.includes(tag); n++) tag = `$lockstep${n}$`;
  return `${tag}\n${body}\n${tag}`;
}
