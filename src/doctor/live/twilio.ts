import { randomBytes } from 'node:crypto';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { type Clock, sleep } from '../../base/clock.js';
import { CONNECTION_OVERRIDES } from '../../call/paths.js';
import type { TwilioAccount } from '../../twilio/number.js';
import { basicAuthorization } from '../../twilio/rest-request.js';
import { isSigned, readSignature, webhookUrlVariants } from '../../twilio/signature.js';
import { ask, codeText, isUnreached, member } from '../ask.js';
import { type Answer, answered, notAsked, unclear } from './questions.js';

export interface TwilioQuestion {
  account: TwilioAccount;
  /** A number of the account. Twilio makes no call without one. */
  from: string | undefined;
  publicHost: string | undefined;
  /** Where requests to `publicHost` arrive. */
  listen: { host: string; port: number };
  signingKeys: readonly string[];
  clock: Clock;
  signal: AbortSignal;
}

/** Twilio reports a call that was not answered a few seconds after it was made. */
const WAIT_MS = 25_000;
/** Twilio gives up after 12 s in all; see {@link CONNECTION_OVERRIDES}. */
const RETRY_WAIT_MS = 13_000;
const MAX_FORM_BYTES = 16 * 1024;
/** Nobody is registered under this name, so the call rings nowhere and costs nothing (Twilio: Voice – client). */
const NOBODY = 'client:tandem-doctor-nobody';

interface Seen {
  atMs: number;
  request: IncomingMessage;
  form: URLSearchParams;
}

/**
 * Has Twilio request a URL of the doctor: it makes calls that nobody can answer, and takes Twilio's reports of their end in
 * the place of the gateway, which must not be running meanwhile.
 */
export async function tryWebhooks(question: TwilioQuestion): Promise<{ fragment: Answer; retries: Answer }> {
  const both = (answer: Answer): { fragment: Answer; retries: Answer } => ({ fragment: answer, retries: answer });
  const { from, publicHost } = question;
  if (publicHost === undefined || from === undefined) return both(notAsked('Set PUBLIC_HOST and TWILIO_PHONE_NUMBER.'));
  const receiver = new Receiver(question.clock);
  const taken = await receiver.listen(question.listen);
  if (taken !== undefined)
    return both(
      notAsked(
        `The doctor could not listen on PORT (${taken}). Stop the gateway meanwhile, or set PORT and PUBLIC_HOST to a tunnel of the doctor's own.`,
      ),
    );
  try {
    const fragment = await askFragment(question, receiver, publicHost);
    return { fragment, retries: await askRetries(question, receiver, publicHost, fragment) };
  } finally {
    await receiver.close();
  }
}

async function askFragment(question: TwilioQuestion, receiver: Receiver, publicHost: string): Promise<Answer> {
  const path = receiver.expect(['answer']);
  const refused = await makeCall(question, `https://${publicHost}${path}${CONNECTION_OVERRIDES}`);
  if (refused !== undefined) return unclear(refused);
  const [seen] = await receiver.wait(path, 1, WAIT_MS, question.signal);
  if (seen === undefined)
    return unclear(
      `Twilio took the call and requested nothing at ${publicHost} within ${WAIT_MS / 1000} s. See "npm run doctor" about PUBLIC_HOST.`,
    );
  return signatureAnswer(seen, path, publicHost, question.signingKeys);
}

function signatureAnswer({ form, request }: Seen, path: string, host: string, keys: readonly string[]): Answer {
  const given = readSignature(request.headers);
  if (given === undefined) return unclear('Twilio requested the URL without a signature.');
  const bare = webhookUrlVariants(host, path);
  const withFragment = webhookUrlVariants(host, path, CONNECTION_OVERRIDES).filter((url) => !bare.includes(url));
  const isBare = isSigned(given, keys, bare, form);
  const seen = { bare: isBare, with_fragment: isSigned(given, keys, withFragment, form), algorithm: given.algorithm };
  if (seen.bare) return answered('The signature covers the URL without its fragment.', seen);
  if (seen.with_fragment) return answered('The signature covers the URL with its fragment.', seen);
  return unclear('The signature fits neither form under TWILIO_AUTH_TOKEN and TWILIO_WEBHOOK_SHARED_KEYS.', seen);
}

async function askRetries(
  question: TwilioQuestion,
  receiver: Receiver,
  publicHost: string,
  before: Answer,
): Promise<Answer> {
  if (before.status !== 'answered') return unclear('Twilio did not request the first URL.');
  const seen: Record<string, number | string> = {};
  for (const failure of ['break', 'refuse'] as const) {
    const path = receiver.expect([failure, 'answer']);
    const refused = await makeCall(question, `https://${publicHost}${path}${CONNECTION_OVERRIDES}`);
    if (refused !== undefined) return unclear(refused);
    const [first] = await receiver.wait(path, 1, WAIT_MS, question.signal);
    if (first === undefined) return unclear('Twilio did not request the URL.');
    const [, second] = await receiver.wait(path, 2, RETRY_WAIT_MS, question.signal);
    seen[failure === 'break' ? 'after_broken_connection_ms' : 'after_503_ms'] =
      second === undefined ? 'not again' : Math.round(second.atMs - first.atMs);
  }
  const text = (value: number | string | undefined): string =>
    typeof value === 'number' ? `after ${value} ms` : 'not again';
  return answered(
    `For the report of a call's end, Twilio asks again ${text(seen['after_broken_connection_ms'])} when the connection breaks before the answer, and ${text(seen['after_503_ms'])} when the answer is 503.`,
    seen,
  );
}

/** Makes a call that nobody answers, whose end Twilio reports to `callback`. Returns why not, or `undefined`. */
async function makeCall({ account, from = '', signal }: TwilioQuestion, callback: string): Promise<string | undefined> {
  const { accountSid, authToken, baseUrl } = account;
  const answer = await ask(`${baseUrl}/2010-04-01/Accounts/${accountSid}/Calls.json`, {
    headers: { authorization: basicAuthorization(accountSid, authToken) },
    form: new URLSearchParams({
      To: NOBODY,
      From: from,
      Twiml: '<Response><Hangup/></Response>',
      Timeout: '5',
      StatusCallback: callback,
      StatusCallbackMethod: 'POST',
    }),
    signal,
  });
  if (isUnreached(answer)) return `Twilio was not reached: ${answer.why}.`;
  if (answer.status < 300) return undefined;
  const code = member(answer.body, 'code');
  return `Twilio does not make the call (HTTP ${answer.status}, ${typeof code === 'number' ? code : (codeText(code) ?? 'no code')}).`;
}

type Behaviour = 'answer' | 'break' | 'refuse';

/** Takes Twilio's requests. Each path is used for one question. */
class Receiver {
  private readonly clock: Clock;
  private readonly server: Server;
  private readonly plans = new Map<string, { behaviours: Behaviour[]; seen: Seen[] }>();
  private wake: () => void = () => undefined;

  constructor(clock: Clock) {
    this.clock = clock;
    this.server = createServer((request, response) => {
      this.take(request, response).catch(() => response.destroy());
    });
  }

  /** Resolves with the system's code if the port cannot be had. */
  listen({ host, port }: TwilioQuestion['listen']): Promise<string | undefined> {
    return new Promise((resolve) => {
      this.server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'an error'));
      this.server.listen(port, host, () => resolve(undefined));
    });
  }

  /** Returns a new path, whose requests are met with these behaviours in turn. Others may know the host, but not the path. */
  expect(behaviours: Behaviour[]): string {
    const path = `/twilio/doctor-${randomBytes(12).toString('hex')}`;
    this.plans.set(path, { behaviours, seen: [] });
    return path;
  }

  /** Resolves with the requests for a path, as soon as there are `count`, or after `limitMs`. */
  async wait(path: string, count: number, limitMs: number, signal: AbortSignal): Promise<readonly Seen[]> {
    const seen = this.plans.get(path)?.seen ?? [];
    const untilMs = this.clock.now() + limitMs;
    while (seen.length < count && this.clock.now() < untilMs && !signal.aborted) {
      await Promise.race([
        new Promise<void>((resolve) => {
          this.wake = resolve;
        }),
        sleep(this.clock, Math.max(1, Math.min(500, untilMs - this.clock.now()))),
      ]);
    }
    return seen;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const atMs = this.clock.now();
    const plan = this.plans.get((request.url ?? '').split('?', 1)[0] ?? '');
    if (plan === undefined) {
      response.writeHead(404).end();
      return;
    }
    let form = '';
    for await (const part of request as AsyncIterable<Buffer>) {
      form += part.toString();
      if (form.length > MAX_FORM_BYTES) throw new Error('too large');
    }
    plan.seen.push({ atMs, request, form: new URLSearchParams(form) });
    const behaviour = plan.behaviours[plan.seen.length - 1] ?? 'answer';
    if (behaviour === 'break') request.socket.destroy();
    else response.writeHead(behaviour === 'refuse' ? 503 : 204).end();
    this.wake();
  }
}
