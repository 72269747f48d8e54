import type {
  BedrockRuntimeClient,
  InvokeModelWithBidirectionalStreamCommand,
  InvokeModelWithBidirectionalStreamCommandOutput,
} from '@aws-sdk/client-bedrock-runtime';
import type { CallTape } from './call-tape.js';
import { callTapeHere, failureOf, tapedCall } from './taped-calls.js';
import { jsonOf } from './taped-socket.js';
import type { Message } from './format.js';

type Command = InvokeModelWithBidirectionalStreamCommand;
type Output = InvokeModelWithBidirectionalStreamCommandOutput;
type Body = NonNullable<Command['input']['body']>;
type Send = (command: unknown, options: unknown) => Promise<unknown>;

const decoder = new TextDecoder();

/** Returns the client of Nova with every request of a taped call on the tape. */
export function tapedNovaClient(client: BedrockRuntimeClient): BedrockRuntimeClient {
  const send: Send = (command, options) => (client.send as unknown as Send).call(client, command, options);
  return new Proxy(client, {
    get: (target, name) => {
      if (name !== 'send') {
        const member: unknown = Reflect.get(target, name, target);
        return typeof member === 'function' ? (member as (...args: unknown[]) => unknown).bind(target) : member;
      }
      return (command: { input: Message & { body?: unknown; modelId?: string } }, options: unknown) => {
        const tape = callTapeHere();
        if (tape === undefined) return send(command, options);
        if ('body' in command.input) return tapedExchange(command as unknown as Command, options, tape, send);
        return tapedCall({
          leg: 'model',
          m: { provider: 'nova', write: command.input },
          ask: () => send(command, options),
          answerOf: (output) => {
            const { $metadata: _, ...answer } = output as { $metadata: unknown };
            return answer;
          },
        });
      };
    },
  });
}

/** One session: what the gateway sends is recorded when the SDK takes it. */
async function tapedExchange(command: Command, options: unknown, tape: CallTape, send: Send): Promise<Output> {
  const name: Message = { socket: tape.number('socket') };
  const text = (m: string): string => `${JSON.stringify(name).slice(0, -1)},${m}`;
  const { input } = command as unknown as { input: { body: Body; modelId?: string } };
  tape.output('model', { ...name, provider: 'nova', connect: input.modelId ?? '' });
  const queue = input.body;
  input.body = (async function* () {
    for await (const entry of queue) {
      tape.output('model', text(`"message":${jsonOf(decoder.decode(entry.chunk?.bytes))}}`));
      yield entry;
    }
    tape.output('model', { ...name, close: true });
  })();
  // Before the one with which the connection notices that the request was accepted, so that it sees the time first.
  command.middlewareStack.add(
    (next) => async (args) => {
      tape.input('model', { ...name, sending: true }, () => undefined);
      const result = await next(args);
      const { statusCode } = (result.response ?? {}) as { statusCode?: unknown };
      if (statusCode === 200) tape.input('model', { ...name, opened: true }, () => undefined);
      return result;
    },
    { step: 'deserialize', priority: 'low', name: 'tape' },
  );
  tape.opened();
  try {
    const output = (await send(command, options)) as Output;
    return { ...output, body: recorded(output.body, tape, name, text) };
  } catch (error) {
    tape.closed();
    return tape.input('model', { ...name, failed: failureOf(error) }, () => {
      throw error;
    });
  }
}

async function* recorded(
  body: Output['body'],
  tape: CallTape,
  name: Message,
  text: (m: string) => string,
): NonNullable<Output['body']> {
  try {
    for await (const event of body ?? []) {
      const bytes = event.chunk?.bytes;
      if (bytes !== undefined)
        tape.input('model', text(`"message":${jsonOf(decoder.decode(bytes))}}`), () => undefined);
      yield event;
    }
    tape.input('model', { ...name, closed: true }, () => undefined);
  } catch (error) {
    tape.input('model', { ...name, failed: failureOf(error) }, () => undefined);
    throw error;
  } finally {
    tape.closed();
  }
}
