import { isTandemError } from '../base/errors.js';
import { tapeHere } from '../base/taped.js';
import { CallTape } from './call-tape.js';
import type { Json, Leg, Message } from './format.js';

/** Maximum size of an answer that is recorded. No service of the gateway sends as much. */
const MAX_BODY_CHARACTERS = 1024 * 1024;

/** Returns the tape of the call whose code runs now. `undefined` if it has none. */
export function callTapeHere(): CallTape | undefined {
  const tape = tapeHere();
  return tape instanceof CallTape ? tape : undefined;
}

/** Records a question to something outside, and its answer. Without a tape it only asks. */
export async function tapedCall<T>(options: {
  leg: Leg;
  /** What is asked. */
  m: Message;
  ask: () => Promise<T>;
  answerOf?: (value: T) => Json | undefined;
}): Promise<T> {
  const { answerOf = (value) => value as Json | undefined, ask, leg, m } = options;
  const tape = callTapeHere();
  if (tape === undefined) return ask();
  const name = { call: tape.number('call') };
  tape.output(leg, { ...name, ...m });
  tape.opened();
  try {
    const value = await ask();
    const answer = answerOf(value);
    return tape.input(leg, { ...name, ...(answer === undefined ? { done: true } : { answer }) }, () => value);
  } catch (error) {
    return tape.input(leg, { ...name, failed: failureOf(error) }, () => {
      throw error;
    });
  } finally {
    tape.closed();
  }
}

/** An error as a tape holds it. A message of somebody else's can quote anything, so it stays only of our own. */
export function failureOf(error: unknown): Message {
  if (isTandemError(error)) return { tandem: error.code, what: error.what };
  const { $fault, code, name } = (typeof error === 'object' && error !== null ? error : {}) as Record<string, unknown>;
  return {
    name: typeof name === 'string' ? name : 'Error',
    message: error instanceof Error ? error.message : '',
    ...(typeof code === 'string' ? { errno: code } : {}),
    ...(typeof $fault === 'string' ? { fault: $fault } : {}),
  };
}

/** Returns `fetch` with every request of a taped call, and its answer, on the tape. Of the headers, only what is read. */
export function tapedFetch(send: typeof fetch): typeof fetch {
  return async (url, init) => {
    if (callTapeHere() === undefined) return send(url, init);
    const { body, method = 'GET' } = init ?? {};
    const { host, pathname } = new URL(url instanceof Request ? url.url : url);
    let response: Response | undefined;
    const { answer, isLong } = await tapedCall({
      leg: 'http',
      m: { host, method, path: pathname, ...(body === undefined || body === null ? {} : { body: bodyOf(body) }) },
      ask: async () => {
        response = await send(url, init);
        const text = await response.clone().text();
        const isLong = text.length > MAX_BODY_CHARACTERS;
        const retryAfter = response.headers.get('retry-after');
        return {
          isLong,
          answer: {
            status: response.status,
            ...(retryAfter === null ? {} : { retryAfter }),
            body: isLong ? '' : text,
          },
        };
      },
      answerOf: (asked) => asked.answer,
    });
    if (isLong && response !== undefined) return response;
    return responseOf(answer);
  };
}

/** An answer as a tape holds it. */
export interface TapedAnswer {
  status: number;
  retryAfter?: string;
  body: string;
}

export function responseOf({ body, retryAfter, status }: TapedAnswer): Response {
  const hasBody = ![204, 205, 304].includes(status);
  return new Response(hasBody ? body : null, {
    status,
    headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter },
  });
}

function bodyOf(body: unknown): Json {
  if (body instanceof URLSearchParams) return Object.fromEntries(body);
  if (typeof body !== 'string') return '';
  try {
    return JSON.parse(body) as Json;
  } catch {
    return body;
  }
}

/** Returns `target` with these methods on the tape. Each returns a promise. */
export function tapedMethods<T extends object>(
  target: T,
  leg: Leg,
  service: string,
  methods: readonly (keyof T & string)[],
): T {
  return new Proxy(target, {
    get: (_target, name) => {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      const method = member as (...args: unknown[]) => unknown;
      if (!(methods as readonly (string | symbol)[]).includes(name)) return method.bind(target);
      return (...args: unknown[]) =>
        tapedCall({
          leg,
          m: { to: service, method: String(name), args: args.map(withoutKeys) },
          ask: () => method.apply(target, args) as Promise<unknown>,
        });
    },
  });
}

/** A key under which a token or a number is stored is made with the pepper. */
const KEY = /^[0-9a-f]{64}$/;

function withoutKeys(argument: unknown): Json {
  return typeof argument === 'string' && KEY.test(argument) ? '{key}' : (argument as Json);
}
