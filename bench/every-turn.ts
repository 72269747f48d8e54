const tasks: (() => void)[] = [];
let first = 0;

/**
 * Calls `task` in every turn of the event loop, which never sleeps from then on; gives a function that ends it. A load that sleeps has to
 * be woken by whoever sends to it, and on the loopback device that is charged to the sender: how often depends on chance. Of several tasks
 * each is the first in turn, for whoever is served first finds the other core asleep.
 */
export function everyTurn(task: () => void): () => void {
  tasks.push(task);
  if (tasks.length === 1) setImmediate(turn);
  return () => {
    const index = tasks.indexOf(task);
    if (index >= 0) tasks.splice(index, 1);
  };
}

function turn(): void {
  if (tasks.length === 0) return;
  first = (first + 1) % tasks.length;
  for (const task of [...tasks.slice(first), ...tasks.slice(0, first)]) task();
  setImmediate(turn);
}
