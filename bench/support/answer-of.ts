import type { ChildProcess } from 'node:child_process';

/** Resolves with the next message of a process that was forked. Rejects if the process ends before; `name` says in the error which it was. */
export function answerOf<T>(child: ChildProcess, name: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const onExit = (): void => reject(new Error(`${name} has ended.`));
    child.once('exit', onExit);
    child.once('message', (answer) => {
      child.off('exit', onExit);
      resolve(answer as T);
    });
  });
}
