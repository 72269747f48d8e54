import { Worker } from 'node:worker_threads';
import type { LambdaFunction } from './flow-lambda.js';

export interface SimulatedLambda {
  invoke: LambdaFunction;
  /** Returns what the Lambda has written to its console. */
  output(): string;
  close(): Promise<void>;
}

interface Reply {
  id: number;
  answer?: unknown;
  failed?: true;
}

/**
 * Starts the built Lambda (`dist/lambda/connect/index.mjs`) with an environment of its own. Its console output is
 * captured. All its time limits are `patience` times as long as in the service, for a machine that is busy with other work.
 */
export function startLambda(env: Readonly<Record<string, string>>, patience = 1): SimulatedLambda {
  const worker = new Worker(new URL('./lambda-thread.js', import.meta.url), {
    env: { ...env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    workerData: { patience },
    stdout: true,
    stderr: true,
  });
  const written: string[] = [];
  for (const stream of [worker.stdout, worker.stderr])
    stream.on('data', (data: Buffer) => written.push(data.toString()));
  const waiting = new Map<number, (reply: Reply) => void>();
  let lastId = 0;
  worker.on('message', (reply: Reply) => {
    waiting.get(reply.id)?.(reply);
    waiting.delete(reply.id);
  });
  worker.on('error', () => {
    for (const settle of waiting.values()) settle({ id: 0, failed: true });
    waiting.clear();
  });
  return {
    invoke: async (event) => {
      const id = ++lastId;
      const reply = await new Promise<Reply>((resolve) => {
        waiting.set(id, resolve);
        worker.postMessage({ id, event });
      });
      if (reply.failed === true) throw new Error('The Lambda failed.');
      return reply.answer;
    },
    output: () => written.join(''),
    close: async () => {
      await worker.terminate();
    },
  };
}
