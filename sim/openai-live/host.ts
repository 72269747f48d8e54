import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { z } from 'zod';
import { type Clock, systemClock } from '../../src/base/clock.js';
import { demoBrain } from '../model/demo-brain.js';
import { type Ear, loudnessEar } from '../model/ear.js';
import { FaultPlan, type PlannedFault } from '../model/faults.js';
import type { BrainFactory } from '../model/script.js';
import { type Voice, toneVoice } from '../model/voice.js';
import { checkKey, refusedFor } from '../openai/admission.js';
import { type OpenAiSim, type OtherApi, refuseUpgrade, refusedBy, startOpenAiSim } from '../openai/server.js';
import { newId } from '../openai/wire.js';
import { check } from '../openai/zod-refusal.js';
import { DEFAULT_MANNERS, type LiveManners } from './manners.js';
import { LiveOutbox } from './outbox.js';
import { LiveSimSession } from './session.js';
import { BACKEND_MODELS, LIVE_MODELS } from './settings.js';

export interface OpenAiLiveSimOptions {
  clock?: Clock;
  /** What the model does. A small assistant by default (see `sim/model/demo-brain.ts`). */
  brain?: BrainFactory;
  /** By default detects speech by loudness and understands nothing. */
  ear?: Ear;
  /** Speaks in tones by default. */
  voice?: Voice;
  faults?: readonly PlannedFault[];
  /** Maximum duration of a session. By default two hours. */
  sessionSeconds?: number;
  /** API keys that are accepted. `undefined` accepts every key. */
  apiKeys?: readonly string[];
  models?: readonly string[];
  manners?: Partial<LiveManners>;
  onSession?(session: LiveSimSession): void;
}

/** Maximum size of a message. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
const MAX_BODY_BYTES = 1024 * 1024;
const TWO_HOURS_SECONDS = 7200;
const PATH = '/v1/live/sessions';
const RESPONSES_PATH = '/v1/responses';

const writing = z.strictObject({
  model: z.string(),
  instructions: z.string().nullable().optional(),
  input: z.string(),
  max_output_tokens: z.int().min(16).nullable().optional(),
  store: z.boolean().nullable().optional(),
});

/** The simulated GPT-Live, and as much of the Responses API as a summary needs. */
export class LiveHost implements OtherApi {
  readonly sessions: LiveSimSession[] = [];
  /** Connection attempts that were answered with an HTTP status. */
  readonly refusals: { status: number }[] = [];
  /** Texts asked of the Responses API. */
  readonly written: z.infer<typeof writing>[] = [];
  readonly models: readonly string[];
  private readonly options: OpenAiLiveSimOptions;
  private readonly upgrader = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
  });
  private attempts = 0;

  constructor(options: OpenAiLiveSimOptions) {
    this.options = options;
    this.models = [...(options.models ?? LIVE_MODELS), ...BACKEND_MODELS];
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const url = new URL(request.url ?? '/', 'http://sim');
    if (url.pathname !== PATH) return false;
    const faults = new FaultPlan(this.options.faults ?? [], ++this.attempts);
    const fault = faults.atConnect;
    if (fault?.type === 'reset') {
      (socket as Socket).resetAndDestroy();
      return true;
    }
    const { apiKeys } = this.options;
    const refusal = fault?.type === 'refuse' ? refusedBy(fault) : checkKey(request, { apiKeys, models: this.models });
    // The model is named in `session.start`, and nothing in the URL.
    const wrongUrl = url.search === '' ? undefined : badQuery();
    const refused = refusal ?? wrongUrl;
    if (refused !== undefined) {
      this.refusals.push({ status: refused.status });
      refuseUpgrade(socket, refused);
      return true;
    }
    this.upgrader.handleUpgrade(request, socket, head, (ws) => {
      ws.on('error', () => undefined);
      if (fault?.type === 'silent') return;
      const outbox = new LiveOutbox(ws, socket as Socket, this.options.clock ?? systemClock);
      const session = this.open(outbox, request, faults);
      ws.on('message', (data, isBinary) => session.onMessage(data as Buffer, isBinary));
      ws.on('close', (code, reason) => {
        outbox.closed({ code, reason: reason.toString(), by: 'client' });
        session.dispose();
      });
      this.options.onSession?.(session);
    });
    return true;
  }

  answer(request: IncomingMessage, response: ServerResponse): boolean {
    if (request.url !== RESPONSES_PATH || request.method !== 'POST') return false;
    const { apiKeys } = this.options;
    const unauthorized = checkKey(request, { apiKeys, models: this.models });
    if (unauthorized !== undefined) {
      reply(response, unauthorized.status, unauthorized.body);
      return true;
    }
    void bodyOf(request).then((body) => this.write(body, response));
    return true;
  }

  close(): void {
    for (const socket of this.upgrader.clients) socket.terminate();
    for (const session of this.sessions) session.dispose();
  }

  private open(outbox: LiveOutbox, request: IncomingMessage, faults: FaultPlan): LiveSimSession {
    const { brain = demoBrain, clock = systemClock, ear = loudnessEar(), voice = toneVoice() } = this.options;
    const session = new LiveSimSession({
      outbox,
      headers: request.headers,
      clock,
      brain: brain(),
      ear,
      voice,
      faults,
      manners: { ...DEFAULT_MANNERS, ...this.options.manners },
      models: this.options.models ?? LIVE_MODELS,
      sessionSeconds: this.options.sessionSeconds ?? TWO_HOURS_SECONDS,
    });
    this.sessions.push(session);
    return session;
  }

  private write(body: unknown, response: ServerResponse): void {
    const checked = check(writing, body);
    if (!checked.ok) {
      reply(response, 400, JSON.stringify({ error: checked.error }));
      return;
    }
    const { input, instructions, model } = checked.value;
    if (!this.models.includes(model)) {
      const error = {
        type: 'invalid_request_error',
        code: 'model_not_found',
        message: `The model '${model}' does not exist.`,
        param: 'model',
      };
      reply(response, 400, JSON.stringify({ error }));
      return;
    }
    this.written.push(checked.value);
    const { brain = demoBrain } = this.options;
    const situation = { instructions: instructions ?? '', tools: [], history: [] };
    const acts = brain().decide({ type: 'aside', instructions: instructions ?? '', text: input }, situation);
    const text = acts.map((act) => (act.type === 'speak' ? act.text : '')).join('');
    const failure = acts.find((act) => act.type === 'fault');
    if (failure?.type === 'fault') {
      const isThrottled = failure.fault.type === 'failed-response' && failure.fault.class === 'throttled';
      const { status, body: text } = refusedFor(isThrottled ? 429 : 500);
      reply(response, status, text);
      return;
    }
    const waitMs = acts.reduce((sum, act) => sum + (act.type === 'wait' ? act.ms : 0), 0);
    const content = [{ type: 'output_text', text, annotations: [], logprobs: [] }];
    const message = { id: newId('msg'), type: 'message', status: 'completed', role: 'assistant', content };
    const usage = { input_tokens: 200, output_tokens: 30, total_tokens: 230 };
    const answer = { id: newId('resp'), object: 'response', status: 'completed', model, output: [message], usage };
    const send = (): void => reply(response, 200, JSON.stringify(answer));
    if (waitMs === 0) {
      send();
      return;
    }
    const late = (this.options.clock ?? systemClock).setTimer(waitMs, send);
    response.once('close', () => late.cancel());
  }
}

export interface OpenAiLiveSim extends Pick<OpenAiSim, 'port' | 'url' | 'close'> {
  readonly live: LiveHost;
}

/** Starts a simulated host of OpenAI that has GPT-Live. */
export async function startOpenAiLiveSim(
  options: OpenAiLiveSimOptions & { port?: number } = {},
): Promise<OpenAiLiveSim> {
  const live = new LiveHost(options);
  const { apiKeys, clock, port } = options;
  const sim = await startOpenAiSim({
    ...(apiKeys === undefined ? {} : { apiKeys }),
    ...(clock === undefined ? {} : { clock }),
    ...(port === undefined ? {} : { port }),
    others: [live],
  });
  return { live, port: sim.port, url: sim.url, close: () => sim.close() };
}

function badQuery(): { type: 'refused'; status: number; body: string } {
  const error = {
    type: 'invalid_request_error',
    code: null,
    message: 'No query parameters are accepted.',
    param: null,
  };
  return { type: 'refused', status: 400, body: JSON.stringify({ error }) };
}

function reply(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(body);
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = '';
  try {
    for await (const part of request as AsyncIterable<Buffer>) {
      text += part.toString();
      if (text.length > MAX_BODY_BYTES) return undefined;
    }
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
