/**
 * What a story shows of Lockstep's output. Nothing is reworded. Of a second and later difference only the headline is
 * shown; `brief` leaves out the names of the stages and what happened inside them, for a deploy like one that was
 * shown in full before.
 */
export function essentials({ brief = false } = {}): (line: string) => boolean {
  let headlines = 0;
  return (line) => {
    if (/^(error|warning)\[/.test(line)) headlines += 1;
    // A label of at most eight letters in a column of its own, or what goes on below it.
    const isSlot = /^ {2}(?=.{8} {2})[a-z]+ +\S|^ {10,}/.test(line);
    if (isSlot) return headlines < 2;
    const isStageName = /^[a-z]+( [a-z]+)*( {2}.*)?$/.test(line);
    const isInside = /^ {2}[^✓✗!]/.test(line);
    return !brief || headlines > 0 || !(isStageName || isInside);
  };
}

/** What Drizzle Kit says about itself before it works, and the tables it lists. */
export function isChatter(line: string): boolean {
  const openings = ["No config path provided", "Reading config file", "Using 'pg' driver"];
  return (
    line.trim() === "" ||
    openings.some((opening) => line.startsWith(opening)) ||
    /^\d+ tables$| \d+ columns \d+ indexes \d+ fks$/.test(line)
  );
}
