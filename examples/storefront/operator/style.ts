/** The page's one style sheet: light and dark, wide and narrow. */
export const style = `
:root { color-scheme: light dark; --ink: #1c2330; --soft: #667085; --line: #e4e7ec; --page: #f6f7f9;
  --card: #fff; --good: #12805c; --wait: #b54708; --bad: #b42318; --bad-back: #fef3f2; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #98a2b3; --line: #2b3240;
  --page: #12151b; --card: #1a1f28; --good: #4ade9f; --wait: #fdb022; --bad: #ff8a80; --bad-back: #33191a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 14px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 28px 20px 60px; }
header { display: flex; align-items: baseline; gap: 12px; margin-bottom: 20px; }
h1 { font-size: 20px; margin: 0; }
h2 { font-size: 15px; margin: 32px 0 10px; }
.soft { color: var(--soft); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; }
.figure { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 12px 16px; }
.figure b { display: block; font-size: 26px; line-height: 1.2; font-variant-numeric: tabular-nums; }
.figure.alarm { background: var(--bad-back); border-color: var(--bad); }
.figure.alarm b { color: var(--bad); }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
table { border-collapse: collapse; width: 100%; min-width: 1080px; }
th { text-align: left; font-weight: 500; color: var(--soft); white-space: nowrap; }
th, td { padding: 9px 14px; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child td { border-bottom: 0; }
tr.attention td { background: var(--bad-back); }
th.number, td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.empty { color: var(--soft); text-align: center; padding: 22px; }
code { font: 12px/1.6 ui-monospace, SFMono-Regular, Menlo, monospace; }
time { white-space: nowrap; }
.tag { display: inline-block; border-radius: 999px; padding: 0 9px; font-size: 12px; line-height: 20px;
  border: 1px solid currentColor; color: var(--soft); white-space: nowrap; }
.tag.good { color: var(--good); } .tag.wait { color: var(--wait); } .tag.bad { color: var(--bad); font-weight: 600; }
.steps { display: flex; gap: 4px; margin: 0; padding: 0; list-style: none; }
.steps li { font-size: 12px; color: var(--soft); padding: 0 8px; line-height: 20px; border-radius: 5px;
  border: 1px dashed var(--line); white-space: nowrap; }
.steps li.done { color: var(--good); border: 1px solid currentColor; }
.steps li.missing { color: var(--bad); border: 1px solid currentColor; font-weight: 600; }
.error { color: var(--bad); max-width: 460px; overflow-wrap: anywhere; }
button { font: inherit; font-size: 12px; padding: 2px 12px; border-radius: 6px; cursor: pointer;
  border: 1px solid var(--line); background: var(--page); color: var(--ink); }
button:hover, button:focus-visible { border-color: var(--ink); }
form { margin: 0; }
`;
