import { STATUS_CODES, type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { type Clock, systemClock } from '../../src/base/clock.js';
import { demoBrain } from '../model/demo-brain.js';
import { type Ear, loudnessEar } from '../model/ear.js';
import { type ConnectFault, FaultPlan, type PlannedFault, proxyPage } from '../model/faults.js';
import type { BrainFactory } from '../model/script.js';
import { type Voice, toneVoice } from '../model/voice.js';
import { type Admission, MODELS, admit, describeModel, refusedFor } from './admission.js';
import { Outbox } from './outbox.js';
import { DEFAULT_PACING, type Pacing } from './pacing.js';
import { Session } from './session.js';
import type { TranscriptionManner } from './transcriber.js';

export interface OpenAiSimOptions {
  /** 0, the default, uses a free port. */
  port?: number;
  clock?: Clock;
  /** What the model does. A small assistant by default (see `sim/model/demo-brain.ts`). */
  brain?: BrainFactory;
  /** By default detects speech by loudness and understands nothing. */
  ear?: Ear;
  /** Speaks in tones by default. */
  voice?: Voice;
  faults?: readonly PlannedFault[];
  /** Maximum duration of a session. By default the service's own, an hour. */
  sessionSeconds?: number;
  /** Whether settings are refused that the service is only suspected to refuse (see README.md). */
  isStrict?: boolean;
  /** Paths of settings that are refused whatever their value, such as `session.audio.input.transcription.languages`. */
  refusedSettings?: readonly string[];
  /** API keys that are accepted. `undefined` accepts every key. */
  apiKeys?: readonly string[];
  models?: readonly string[];
  pacing?: Partial<Pacing>;
  transcription?: TranscriptionManner;
  /**
   * How the simulator declines mu-law: it keeps the format that was set before, or refuses the settings. `undefined`
   * accepts mu-law.
   */
  withoutMulaw?: 'ignored' | 'refused' | undefined;
  onSession?(session: Session): void;
  /** Other APIs of the same host. */
  others?: readonly OtherApi[];
}

/** An API that the real service has at the same host, below other paths. */
export interface OtherApi {
  /** Ids of its models, for the list of models. */
  readonly models: readonly string[];
  /** Answers a request whose key is checked. Returns false for a path that it does not have. */
  answer(request: IncomingMessage, response: ServerResponse): boolean;
  /** Takes an upgrade. Returns false for a path that it does not have. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  close(): void;
}

export interface OpenAiSim {
  readonly port: number;
  /** A client's base URL, `http://127.0.0.1:PORT/v1`. */
  readonly url: string;
  /** Every session that was opened, in order, including closed ones. */
  readonly sessions: readonly Session[];
  /** Connection attempts that were answered with an HTTP status. */
  readonly refusals: readonly { status: number }[];
  close(): Promise<void>;
}

/** Maximum size of a message. An append of 15 MiB of audio has 20 MiB of base64. */
const MAX_MESSAGE_BYTES = 32 * 1024 * 1024;
const HOST = '127.0.0.1';
const HOUR_SECONDS = 3600;

/** Starts a simulated OpenAI Realtime service on this machine. */
export async function startOpenAiSim(options: OpenAiSimOptions = {}): Promise<OpenAiSim> {
  const sim = new Server(options);
  await sim.listen();
  return sim;
}

class Server implements OpenAiSim {
  readonly sessions: Session[] = [];
  readonly refusals: { status: number }[] = [];
  private readonly options: OpenAiSimOptions;
  private readonly clock: Clock;
  private readonly http = createServer((request, response) => {
    const { apiKeys, models = MODELS, others = [] } = this.options;
    if (others.some((other) => other.answer(request, response))) return;
    const listed = [...models, ...others.flatMap((other) => other.models)];
    const { status, body } = describeModel(request, { apiKeys, models: listed });
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  });
  private readonly upgrader = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
  });
  private attempts = 0;

  constructor(options: OpenAiSimOptions) {
    this.options = options;
    this.clock = options.clock ?? systemClock;
    this.http.on('upgrade', (request, socket, head) => this.onUpgrade(request, socket, head));
  }

  get port(): number {
    return (this.http.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://${HOST}:${this.port}/v1`;
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.http.once('error', reject);
      this.http.listen(this.options.port ?? 0, HOST, resolve);
    });
  }

  async close(): Promise<void> {
    for (const other of this.options.others ?? []) other.close();
    for (const socket of this.upgrader.clients) socket.terminate();
    for (const session of this.sessions) session.dispose();
    this.http.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.http.close(() => resolve());
    });
  }

  private onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => undefined);
    if (this.options.others?.some((other) => other.upgrade(request, socket, head)) === true) return;
    const faults = new FaultPlan(this.options.faults ?? [], ++this.attempts);
    const fault = faults.atConnect;
    if (fault?.type === 'reset') {
      (socket as Socket).resetAndDestroy();
      return;
    }
    const { apiKeys, models = MODELS } = this.options;
    const admission = fault?.type === 'refuse' ? refusedBy(fault) : admit(request, { apiKeys, models });
    if (admission.type === 'refused') {
      this.refuse(socket, admission);
      return;
    }
    this.upgrader.handleUpgrade(request, socket, head, (ws) => {
      ws.on('error', () => undefined);
      const outbox = new Outbox(ws, socket as Socket, this.clock);
      if (admission.type === 'turned-away') {
        outbox.error(admission.error);
        outbox.close(4000, `${admission.error.type}.${admission.error.code}`);
      } else if (fault?.type !== 'silent') this.open(ws, outbox, request, admission.model, faults);
    });
  }

  private open(ws: WebSocket, outbox: Outbox, request: IncomingMessage, model: string, faults: FaultPlan): void {
    const { brain = demoBrain, ear = loudnessEar(), voice = toneVoice() } = this.options;
    const session = new Session({
      outbox,
      headers: request.headers,
      model,
      clock: this.clock,
      brain: brain(),
      ear,
      voice,
      faults,
      pacing: { ...DEFAULT_PACING, ...this.options.pacing },
      transcription: this.options.transcription ?? {},
      withoutMulaw: this.options.withoutMulaw,
      isStrict: this.options.isStrict ?? false,
      refusedSettings: this.options.refusedSettings ?? [],
      sessionSeconds: this.options.sessionSeconds ?? HOUR_SECONDS,
    });
    this.sessions.push(session);
    ws.on('message', (data, isBinary) => session.onMessage(data as Buffer, isBinary));
    ws.on('close', (code, reason) => {
      outbox.closed({ code, reason: reason.toString(), by: 'client' });
      session.dispose();
    });
    this.options.onSession?.(session);
  }

  private refuse(socket: Duplex, refusal: Extract<Admission, { type: 'refused' }>): void {
    this.refusals.push({ status: refusal.status });
    refuseUpgrade(socket, refusal);
  }
}

/** Answers an upgrade with an HTTP status. */
export function refuseUpgrade(socket: Duplex, { status, body }: Extract<Admission, { type: 'refused' }>): void {
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}\r\nConnection: close\r\n` +
      `Content-Type: ${body.startsWith('<') ? 'text/html' : 'application/json'}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

export function refusedBy({
  by,
  status,
}: Extract<ConnectFault, { type: 'refuse' }>): Extract<Admission, { type: 'refused' }> {
  return by === 'proxy' ? { type: 'refused', status, body: proxyPage(status) } : refusedFor(status);
}
