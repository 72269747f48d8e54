import { parentPort, workerData } from 'node:worker_threads';

/** Runs the built Connect Lambda as the service does, with an environment of its own and one event after another. */
interface Question {
  id: number;
  event: unknown;
}

// Before the Lambda is loaded, because its limits are timers.
const { patience } = workerData as { patience: number };
const { setTimeout: startTimer } = globalThis;
globalThis.setTimeout = Object.assign(
  (callback: (...args: unknown[]) => void, delayMs = 0, ...args: unknown[]) =>
    startTimer(callback, delayMs * patience, ...args),
  startTimer,
);

const bundle = new URL('../../lambda/connect/index.mjs', import.meta.url);
const { handler } = (await import(bundle.href)) as { handler: (event: unknown) => Promise<unknown> };

parentPort?.on('message', ({ id, event }: Question) => {
  handler(event).then(
    (answer) => parentPort?.postMessage({ id, answer }),
    () => parentPort?.postMessage({ id, failed: true }),
  );
});
