const tasks: (() => void)[] = [];
let first = 0;
let next: NodeJS.Immediate | undefined;

/**
 * Calls `task` in every turn of the event loop, which never sleeps from then on. Returns a function that stops the task. A load
 * that sleeps is woken by the process that sends to it, and on the loopback device the sender pays for that, more or less often
 * by chance. The task that runs first rotates.
 */
export function everyTurn(task: () => void): () => void {
  tasks.push(task);
  next ??= setImmediate(turn);
  return () => {
    const index = tasks.indexOf(task);
    if (index >= 0) tasks.splice(index, 1);
  };
}

function turn(): void {
  next = tasks.length > 0 ? setImmediate(turn) : undefined;
  first = (first + 1) % Math.max(1, tasks.length);
  for (const task of [...tasks.slice(first), ...tasks.slice(0, first)]) task();
}
