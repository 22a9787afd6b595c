import { postgresScheme } from "../processes/index.ts";

/** True when a text is a URL of the same database of the same server, by whatever user, under whatever scheme of Postgres'. */
export function isSameDatabase(text: string, url: string): boolean {
  const parsed = text.replace(/^jdbc:/, "");
  if (postgresScheme(text) === undefined || !URL.canParse(parsed)) return false;
  const place = (one: string) => {
    const { hostname, port, pathname } = new URL(one);
    return [hostname, port === "" ? "5432" : port, pathname].join("\n");
  };
  return place(parsed) === place(url);
}
