import type { Clock } from '../base/clock.js';
import { setLoopTimer } from '../base/loop-timer.js';

/** What the SDK's innermost step resolves with: a response whose body is still to be read. */
interface Received {
  response: unknown;
}

interface Body {
  destroy: (error: Error) => unknown;
  once: (event: 'close' | 'end', listener: () => void) => unknown;
}

/**
 * Returns middleware for an AWS client that puts one deadline on each attempt, over head and body. The SDK's own `requestTimeout`
 * ends with the head of the response (`setRequestTimeout` in @smithy/node-http-handler), so a body that stalls would be waited
 * for without end. Belongs into the step `deserialize`, inside the SDK's parsing and its retries.
 *
 * The lateness of the gateway's own event loop does not count, because an answer that came in time must not be dropped for it.
 */
export function requestDeadline(clock: Clock, limitMs: number) {
  return <Args, Result extends Received>(next: (args: Args) => Promise<Result>) =>
    (args: Args): Promise<Result> =>
      new Promise((resolve, reject) => {
        let body: Body | undefined;
        let error: Error | undefined;
        const timer = setLoopTimer(clock, limitMs, () => {
          error = timeoutError(limitMs);
          body?.destroy(error);
          reject(error);
        });
        const cancel = (): void => timer.cancel();
        next(args).then(
          (result) => {
            body = bodyOf(result.response);
            if (error !== undefined) body?.destroy(error);
            if (body === undefined) cancel();
            body?.once('close', cancel);
            body?.once('end', cancel);
            resolve(result);
          },
          (failure: unknown) => {
            cancel();
            reject(failure);
          },
        );
      });
}

/** Rejects after `limitMs`, whatever `work` waits for, for example credentials that the SDK reads before it sends anything. */
export function settledWithin<T>(clock: Clock, limitMs: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setLoopTimer(clock, limitMs, () => reject(timeoutError(limitMs)));
    work.then(resolve, reject).finally(() => timer.cancel());
  });
}

/** The SDK tries an error of this name again. */
function timeoutError(limitMs: number): Error {
  return Object.assign(new Error(`No whole answer within ${limitMs} ms.`), { name: 'TimeoutError' });
}

function bodyOf(response: unknown): Body | undefined {
  const { body } = (response ?? {}) as { body?: Partial<Body> };
  return typeof body?.destroy === 'function' && typeof body.once === 'function' ? (body as Body) : undefined;
}
