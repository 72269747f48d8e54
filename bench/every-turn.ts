const tasks: (() => void)[] = [];
let first = 0;
let next: NodeJS.Immediate | undefined;

/**
 * Calls `task` in every turn of the event loop, which never sleeps from then on; gives a function that ends it. A load that sleeps has to
 * be woken by whoever sends to it, and on the loopback device that is charged to the sender: how often depends on chance. Of several tasks
 * each is the first in turn.
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
