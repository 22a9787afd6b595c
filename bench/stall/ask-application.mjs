/** How a bench talks to the process of `application.mjs`: one answer for each message. */
export function askApplication(child) {
  const waiting = new Map();
  let number = 0;
  child.on("message", ({ id, error, ...seen }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) resolve(seen);
    else reject(new Error(error));
  });
  return {
    ask: (message) =>
      new Promise((resolve, reject) => {
        const id = ++number;
        waiting.set(id, { resolve, reject });
        child.send({ id, ...message });
      }),
    end: () => child.disconnect(),
  };
}
