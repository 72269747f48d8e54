import { Readable, Transform, pipeline } from 'node:stream';

/** Maximum size of an answer of an AWS service. An item of DynamoDB has 400 KB at most, and the gateway's have some. */
const MAX_ANSWER_BYTES = 1024 * 1024;

/** What the SDK's innermost step resolves with: a response whose body is still to be read. */
interface Received {
  response: unknown;
}

/**
 * Middleware for an AWS client that ends an answer without end, because the SDK collects all of it before it parses it. Belongs
 * into the step `deserialize`, inside the SDK's parsing.
 */
export function boundedAnswer<Args, Result extends Received>(next: (args: Args) => Promise<Result>) {
  return async (args: Args): Promise<Result> => {
    const result = await next(args);
    const response = (result.response ?? {}) as { body?: unknown };
    if (!(response.body instanceof Readable)) return result;
    let leftBytes = MAX_ANSWER_BYTES;
    const bounded = new Transform({
      transform(chunk: Uint8Array, _encoding, done) {
        leftBytes -= chunk.length;
        if (leftBytes < 0) done(Object.assign(new Error('The answer is too long.'), { name: 'AnswerTooLong' }));
        else done(null, chunk);
      },
    });
    // An error of either ends both, and the SDK hears of it from the one that it reads.
    pipeline(response.body, bounded, () => undefined);
    response.body = bounded;
    return result;
  };
}
