import { type Http2Server, type ServerHttp2Session, type ServerHttp2Stream, createServer } from 'node:http2';
import type { IncomingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { type Clock, systemClock } from '../../src/base/clock.js';
import { proxyPage } from '../model/faults.js';
import { ConverseApi, type ConverseRecord } from './converse.js';
import { NovaFaultPlan, refusalOf } from './faults.js';
import {
  MODELS,
  type NovaBehaviour,
  type NovaSimOptions,
  SIMULATED_CREDENTIALS,
  TEXT_MODELS,
  behaviourOf,
} from './options.js';
import { SessionRecording } from './recording.js';
import { type Refusal, type RequestRules, checkRequest } from './request.js';
import { NovaSession } from './session.js';

export { type NovaSimOptions, SIMULATED_CREDENTIALS } from './options.js';

export interface NovaSim {
  port: number;
  /** The URL for `endpoint` or AWS_ENDPOINT_URL_BEDROCK_RUNTIME. */
  url: string;
  /** Recordings of the sessions that opened a stream, in order. */
  sessions: readonly SessionRecording[];
  /** Requests to the text models. */
  texts: readonly ConverseRecord[];
  /** Requests that were refused, with the refusal. */
  refusals: readonly Refusal[];
  close(): Promise<void>;
}

const MAX_SKEW_MS = 300_000;
/** Default limit of an account, over all models of this kind. */
const MAX_SESSIONS = 20;

/** Starts a simulated Bedrock endpoint that offers Nova 2 Sonic over HTTP/2 without TLS. */
export async function startNovaSim(options: NovaSimOptions = {}): Promise<NovaSim> {
  const clock = options.clock ?? systemClock;
  const server = new NovaServer(clock, behaviourOf(options), options.maxSessions ?? MAX_SESSIONS, {
    credentials: [options.credentials ?? SIMULATED_CREDENTIALS].flat(),
    region: options.region ?? 'us-east-1',
    models: options.models ?? MODELS,
    textModels: options.textModels ?? TEXT_MODELS,
    maxClockSkewMs: options.maxClockSkewMs ?? (clock === systemClock ? MAX_SKEW_MS : Infinity),
  });
  const port = await server.listen(options.port ?? 0, options.host ?? '127.0.0.1');
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    sessions: server.recordings,
    refusals: server.refusals,
    texts: server.converse.records,
    close: () => server.close(),
  };
}

class NovaServer {
  readonly recordings: SessionRecording[] = [];
  readonly refusals: Refusal[] = [];
  readonly converse: ConverseApi;
  private readonly clock: Clock;
  private readonly behaviour: NovaBehaviour;
  private readonly maxSessions: number;
  private readonly rules: RequestRules;
  private readonly http: Http2Server = createServer();
  private readonly connections = new Set<ServerHttp2Session>();
  private readonly open = new Set<NovaSession>();
  private attempts = 0;

  constructor(clock: Clock, behaviour: NovaBehaviour, maxSessions: number, rules: RequestRules) {
    this.clock = clock;
    this.behaviour = behaviour;
    this.maxSessions = maxSessions;
    this.rules = rules;
    this.converse = new ConverseApi({
      clock,
      brain: behaviour.brain,
      rules,
      refuse: (stream, refusal) => this.refuse(stream, refusal),
    });
    this.http.on('session', (connection) => {
      this.connections.add(connection);
      connection.on('error', () => undefined);
      connection.on('close', () => this.connections.delete(connection));
    });
    this.http.on('stream', (stream, headers) => this.onStream(stream, headers));
  }

  listen(port: number, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.http.once('error', reject);
      this.http.listen(port, host, () => {
        this.http.off('error', reject);
        resolve((this.http.address() as AddressInfo).port);
      });
    });
  }

  async close(): Promise<void> {
    for (const session of this.open) session.close();
    this.converse.close();
    const closed = new Promise<void>((resolve) => {
      this.http.close(() => resolve());
    });
    for (const connection of this.connections) connection.destroy();
    await closed;
  }

  private onStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    // The client may reset the stream. The `close` listener handles that.
    stream.on('error', () => undefined);
    if (ConverseApi.isMeant(headers)) return void this.converse.onStream(stream, headers);
    const number = ++this.attempts;
    const fault = new NovaFaultPlan(this.behaviour.faults, number).atConnect;
    if (fault?.type === 'reset') return void stream.session?.socket.resetAndDestroy();
    if (fault?.type === 'silent') return void stream.resume();
    if (fault?.by === 'proxy') return answerAsProxy(stream, fault.status);
    if (fault !== undefined) return this.refuse(stream, refusalOf(fault.status));
    const checked = checkRequest(headers, this.rules, this.clock.epochMs());
    if (!checked.ok) return this.refuse(stream, checked.refusal);
    if (this.open.size >= this.maxSessions) return this.refuse(stream, refusalOf(429));
    const recording = new SessionRecording(number, checked.modelId, this.clock.now());
    this.recordings.push(recording);
    const { behaviour, clock } = this;
    const session: NovaSession = new NovaSession({
      stream,
      respond: () =>
        stream.respond({
          ':status': 200,
          'content-type': 'application/vnd.amazon.eventstream',
          'x-amzn-requestid': `simulated-${number}`,
        }),
      chain: checked.chain,
      clock,
      behaviour,
      recording,
      credentialsEndMs: checked.credentials.expiration?.getTime(),
      onEnd: () => this.open.delete(session),
    });
    this.open.add(session);
    behaviour.onSession(recording);
  }

  private refuse(stream: ServerHttp2Stream, refusal: Refusal): void {
    this.refusals.push(refusal);
    stream.resume();
    stream.respond({
      ':status': refusal.status,
      'content-type': 'application/json',
      'x-amzn-requestid': `simulated-${this.attempts}`,
      'x-amzn-errortype': refusal.type,
    });
    stream.end(JSON.stringify({ message: refusal.message }));
  }
}

function answerAsProxy(stream: ServerHttp2Stream, status: number): void {
  stream.resume();
  stream.respond({ ':status': status, 'content-type': 'text/html' });
  stream.end(proxyPage(status));
}
