/** True when a text is a URL of the same database of the same server, by whatever user. */
export function isSameDatabase(text: string, url: string): boolean {
  if (!/^postgres(?:ql)?:\/\//.test(text) || !URL.canParse(text)) return false;
  const place = (one: string) => {
    const { hostname, port, pathname } = new URL(one);
    return [hostname, port === "" ? "5432" : port, pathname].join("\n");
  };
  return place(text) === place(url);
}
