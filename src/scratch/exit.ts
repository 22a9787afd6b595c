const pending = new Set<() => void>();
let installed = false;

/**
 * Runs `task` when the process ends in any way it can notice: normal exit, an uncaught error, Ctrl-C, SIGTERM,
 * SIGHUP. Returns a function that takes the task back. Signals keep their meaning: when nobody else listens,
 * the process still dies of them after the tasks ran; when somebody does, it decides.
 */
export function onExit(task: () => void): () => void {
  pending.add(task);
  if (!installed) {
    installed = true;
    process.on("exit", runAll);
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);
  }
  return () => pending.delete(task);
}

function runAll(): void {
  for (const task of pending) {
    pending.delete(task);
    try {
      task();
    } catch {
      // The next start sweeps what could not be removed now.
    }
  }
}

function onSignal(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return;
  runAll();
  process.off(signal, onSignal);
  process.kill(process.pid, signal);
}
