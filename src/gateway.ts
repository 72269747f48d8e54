import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { Admission, eventLoopDelay } from './call/admission.js';
import type { CallEvent, CallEventListener } from './call/call-events.js';
import { PATHS } from './call/paths.js';
import { CallRegistry } from './call/registry.js';
import { type Clock, systemClock } from './clock.js';
import type { Config } from './config.js';
import { Drain } from './drain.js';
import { TandemError } from './errors.js';
import type { HubSpot } from './crm/hubspot.js';
import type { ConnectAgents } from './handover/agents.js';
import type { CallbackStore } from './handover/callbacks.js';
import type { CallerIndex } from './handover/callers.js';
import { HandoverDesk } from './handover/desk.js';
import type { OwnPhrases } from './escalation/asks-for-human.js';
import { EscalationRules } from './escalation/rules.js';
import type { HandoverStore } from './handover/store.js';
import type { Journal } from './journal/journal.js';
import type { Logger } from './log.js';
import type { Metrics } from './metrics.js';
import { OpenRequests } from './open-requests.js';
import type { Peers, Readiness } from './peers.js';
import type { Assistant } from './prompts/assistant.js';
import { FrameTurn } from './twilio/frame-turn.js';
import { MAX_MESSAGE_BYTES } from './twilio/messages.js';
import { TwilioRest, type UpdateResult } from './twilio/rest.js';
import { isSigned, streamUrlVariants } from './twilio/signature.js';
import { TwilioStream, refuseUpgrade } from './twilio/stream.js';
import { type Verb, twiml } from './twilio/twiml.js';
import { type VoiceWebhook, readWebhook, webhookOf } from './twilio/webhooks.js';
import type { CallVoice } from './voice/continuity/provider.js';
import type { AssistantTool } from './voice/tools.js';

/** What a gateway is made of. It owns the server; provider and store belong to whoever opened them. */
export interface GatewayParts {
  config: Config;
  log: Logger;
  metrics: Metrics;
  provider: CallVoice;
  store: HandoverStore;
  pepper: string;
  /** What other instances are to know of the calls; whoever opened it closes it. */
  journal: Journal;
  /** What callers leave for the team. */
  callbacks: CallbackStore;
  /** Absent: handovers are not found by the caller's number. */
  callers?: CallerIndex | undefined;
  /** Who is there to take a handover; undefined: nobody is asked. */
  agents?: ConnectAgents | undefined;
  /** Told of every handover, beside the call; undefined: nobody is. */
  crm?: HubSpot | undefined;
  /** Who answers a call to this number. */
  assistantFor: (numberCalled: string) => Assistant;
  /** What the assistant can do besides the built-in tools. */
  tools?: readonly AssistantTool[];
  /** Phrases of the operator, besides the built-in ones. */
  ownPhrases?: OwnPhrases;
  clock?: Clock;
  /** Other processes behind the same port; undefined: there are none. */
  peers?: Peers | undefined;
  /** Shown on /health; the embedded start tells the simulator where its store is. */
  about?: Record<string, unknown>;
}

type Phase = 'starting' | 'ready' | 'draining';
type WebhookHandler = (webhook: VoiceWebhook) => readonly Verb[] | Promise<readonly Verb[]> | undefined;

/** Slow request headers must not hold sockets: Twilio's own budget for a webhook is 15 s. */
const REQUEST_TIMEOUT_MS = 15_000;

/** The HTTP and WebSocket side of a gateway, and its calls. */
export class Gateway {
  private readonly parts: GatewayParts;
  private readonly clock: Clock;
  private readonly server: Server;
  private readonly sockets: WebSocketServer;
  private readonly frameTurn: FrameTurn;
  private readonly calls: CallRegistry;
  private readonly handlers: ReadonlyMap<string, WebhookHandler>;
  private readonly listeners = new Set<CallEventListener>();
  private phase: Phase = 'starting';
  private readonly requests: OpenRequests;
  private listeningEnded: Promise<void> | undefined;

  constructor(parts: GatewayParts) {
    const { assistantFor, config, log, metrics, pepper, provider, store } = parts;
    this.parts = parts;
    this.clock = parts.clock ?? systemClock;
    this.requests = new OpenRequests(this.clock);
    this.frameTurn = new FrameTurn((error) => {
      metrics.processorErrors.inc({ processor: 'stream' });
      log.error({ err: error }, 'a frame of caller audio could not be passed on and is lost');
    });
    const { handover } = config;
    this.calls = new CallRegistry(
      {
        clock: this.clock,
        log,
        metrics,
        provider,
        assistantFor,
        desk: new HandoverDesk({
          store,
          callers: parts.callers,
          pepper,
          ttlSeconds: handover.ttlSeconds,
          clock: this.clock,
          log,
        }),
        tools: parts.tools ?? [],
        rules: new EscalationRules({
          ...config.escalation,
          ...(parts.ownPhrases === undefined ? {} : { phrases: parts.ownPhrases }),
        }),
        humanDigit: config.humanDigit,
        idleMs: config.idleMs,
        journal: parts.journal,
        tokenLifeMs: handover.ttlSeconds * 1000,
        maxCallMs: config.maxCallMs,
        pipeline: config.pipeline,
        connectPhoneNumber: handover.connectPhoneNumber,
        ownNumber: config.twilio.phoneNumber,
        callbacks: parts.callbacks,
        agents: parts.agents,
        crm: parts.crm,
        rest: this.twilioRest(),
        nextSteps: config.dial.nextSteps,
        summaryLanguage: config.handover.summaryLanguage,
        url: (scheme, path) =>
          path === PATHS.stream
            ? `${scheme}://${this.streamHost}${this.ownStreamPath}`
            : `${scheme}://${this.publicHost}${path}`,
        streamsComeHere: config.streamHost !== undefined || parts.peers !== undefined,
        emit: (event) => this.emit(event),
      },
      new Admission({
        clock: this.clock,
        delay: config.maxLoopDelayMs > 0 ? eventLoopDelay() : undefined,
        maxCalls: config.maxConcurrentCalls,
        maxDelayMs: config.maxLoopDelayMs,
        isProviderFull: (numberCalled) => provider.isFullFor(assistantFor(numberCalled).providers),
        onStall: (delayMs) => {
          log.error(
            { delay_ms: Math.round(delayMs) },
            'the process is late; new callers go to a human until it keeps up',
          );
        },
      }),
    );
    this.handlers = new Map<string, WebhookHandler>([
      [PATHS.voice, (webhook) => this.calls.incoming(webhook)],
      [PATHS.streamEnded, (webhook) => this.calls.afterStream(webhook)],
      [PATHS.dialResult, (webhook) => this.calls.afterDial(webhook)],
      [PATHS.whisper, (webhook) => this.calls.whisper(webhook)],
      [PATHS.callStatus, (webhook) => this.calls.callStatus(webhook)],
      [PATHS.streamStatus, (webhook) => this.onStreamStatus(webhook)],
      [PATHS.legStatus, (webhook) => this.calls.legStatus(webhook)],
      [PATHS.held, (webhook) => this.calls.afterHold(webhook)],
      [PATHS.voicemail, (webhook) => this.calls.afterVoicemail(webhook)],
      [PATHS.recording, (webhook) => this.calls.recording(webhook)],
      [PATHS.fallback, (webhook) => this.calls.afterFallback(webhook)],
    ]);
    // Compression would cost more CPU than everything else the gateway does; Twilio does not offer it.
    this.sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: MAX_MESSAGE_BYTES });
    this.server = createServer(
      { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS },
      (request, response) => {
        this.requests.add(response);
        void this.onRequest(request, response);
      },
    );
    this.server.on('upgrade', (request, socket, head) => this.onUpgrade(request, socket, head));
    this.server.on('clientError', (_error, socket: Duplex) => {
      if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    });
  }

  /**
   * Listens and takes calls.
   * @throws TandemError PORT_IN_USE
   */
  async start(): Promise<void> {
    const { host, port } = this.parts.config;
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', (error: NodeJS.ErrnoException) => {
        const inUse = error.code === 'EADDRINUSE';
        reject(inUse ? new TandemError('PORT_IN_USE', `Port ${port} on ${host} is taken.`, { cause: error }) : error);
      });
      this.server.listen(port, host, resolve);
    });
    this.phase = 'ready';
    this.parts.log.info({ host, port: this.port }, 'listening');
  }

  /** The port it listens on. */
  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** The host Twilio knows the gateway by. */
  get publicHost(): string {
    return this.parts.config.publicHost ?? `localhost:${this.port}`;
  }

  /** The host that leads streams to this process. */
  private get streamHost(): string {
    return this.parts.config.streamHost ?? this.publicHost;
  }

  get activeCalls(): number {
    return this.calls.activeCalls.length;
  }

  /** Calls `listener` with what happens on every call; gives a function that ends it. */
  watch(listener: CallEventListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Another instance goes on with a call that this one has. */
  onCallLost(callSid: string): void {
    this.calls.onLost(callSid);
  }

  /** Lets go of the calls before the end; see {@link Drain.run}. */
  async drain(drainSeconds: number, canMove = true): Promise<void> {
    this.phase = 'draining';
    const { calls, clock, requests } = this;
    const drain = new Drain({
      calls,
      clock,
      log: this.parts.log,
      requests,
      stopListening: () => void this.stopListening(),
    });
    await drain.run(drainSeconds, canMove);
  }

  /** Closes the server and every socket. */
  async close(): Promise<void> {
    this.phase = 'draining';
    this.calls.close();
    for (const socket of this.sockets.clients) socket.terminate();
    this.sockets.close();
    const ended = this.stopListening();
    this.server.closeAllConnections();
    // Ends what else a server runs besides listening.
    this.server.close();
    await ended;
  }

  /** Takes no more connections. Settles when all are closed. */
  private stopListening(): Promise<void> {
    // Not `server.close()`: it also closes connections that are idle, and on a new one Twilio's question may be on its way.
    this.listeningEnded ??= new Promise((resolve) => NetServer.prototype.close.call(this.server, () => resolve()));
    return this.listeningEnded;
  }

  /** Undefined: TwiML dials. */
  private twilioRest(): TwilioRest | undefined {
    const { config, log, metrics } = this.parts;
    const { accountSid, authTokens } = config.twilio;
    const { by, restUrl } = config.dial;
    const [authToken] = authTokens;
    if (by !== 'rest' || accountSid === undefined || authToken === undefined) return undefined;
    const count = (result: UpdateResult): void => metrics.restUpdates.inc({ result });
    return new TwilioRest({ baseUrl: restUrl, accountSid, authToken, clock: this.clock, log, count });
  }

  private emit(event: CallEvent): void {
    for (const listener of this.listeners) listener(event);
  }

  private async onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    try {
      if (this.handlers.has(path)) await this.onWebhook(path, request, response);
      else await this.onPlainRequest(path, request, response);
    } catch (error) {
      this.parts.log.error({ err: error, path }, 'request failed');
      if (!response.headersSent) send(response, 500, 'text/plain', 'The gateway could not answer; see its log.\n');
    }
  }

  private async onWebhook(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { twilio } = this.parts.config;
    const result = await readWebhook(request, {
      publicHost: this.publicHost,
      authTokens: twilio.authTokens,
      accountSid: twilio.accountSid,
    });
    if (!result.ok) {
      const { reason, status } = result.refusal;
      this.parts.metrics.refusedRequests.inc({ reason });
      this.parts.log.warn({ reason, status }, 'webhook refused');
      send(response, status, 'text/plain', `${REFUSALS[reason]}\n`, { connection: 'close' });
      return;
    }
    const answer = await this.answerOfOwner(path, result.webhook);
    if (answer === undefined) send(response, 204, undefined, '');
    else send(response, 200, 'text/xml; charset=utf-8', answer);
  }

  /** What this process answers to a webhook that another has checked; undefined: nothing. */
  async answer(path: string, form: URLSearchParams): Promise<string | undefined> {
    const handler = this.handlers.get(path);
    const verbs = handler === undefined ? [] : await this.answerOf(handler, webhookOf(form));
    return verbs === undefined ? undefined : twiml(verbs);
  }

  /** Of the process that has the call: this one, unless it does not know it and another does. */
  private async answerOfOwner(path: string, webhook: VoiceWebhook): Promise<string | undefined> {
    const callSid = OF_A_LEG.has(path) ? (webhook.parentCallSid ?? webhook.callSid) : webhook.callSid;
    if (!this.calls.has(callSid)) {
      const answer = await this.parts.peers?.answer(path, callSid, webhook);
      if (answer?.by === 'peer') return answer.twiml;
    }
    return this.answer(path, webhook.form);
  }

  /** A fault of ours must not cost the caller the call: Twilio would play an error and hang up. */
  private async answerOf(handler: WebhookHandler, webhook: VoiceWebhook): Promise<readonly Verb[] | undefined> {
    try {
      return await handler(webhook);
    } catch (error) {
      this.parts.log.error({ err: error, call_sid: webhook.callSid }, 'webhook failed; the caller goes to a human');
      return this.calls.lastResort(webhook);
    }
  }

  private async onPlainRequest(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      send(response, 405, 'text/plain', 'Only GET is answered here.\n', { connection: 'close' });
      return;
    }
    switch (path) {
      case '/health':
        sendJson(response, 200, { status: 'ok', public_host: this.publicHost, ...this.parts.about });
        return;
      case '/ready':
        await this.onReady(response);
        return;
      case '/metrics':
        send(response, 200, this.parts.metrics.registry.contentType, await this.metricsText());
        return;
      default:
        send(response, 404, 'text/plain', 'There is nothing here.\n');
    }
  }

  private async onReady(response: ServerResponse): Promise<void> {
    const { peers } = this.parts;
    const own: Readiness = { status: this.phase, isReady: this.phase === 'ready', calls: this.activeCalls };
    const { isReady, ...body } = peers === undefined ? own : await peers.readiness();
    sendJson(response, isReady ? 200 : 503, body);
  }

  private metricsText(): Promise<string> {
    return this.parts.peers?.metrics() ?? this.parts.metrics.text();
  }

  private onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const path = (request.url ?? '/').split('?', 1)[0]?.replace(/\/$/, '') ?? '';
    const { peers } = this.parts;
    const { authTokens } = this.parts.config.twilio;
    const announcedBy = STREAM_PATH.exec(path);
    if (announcedBy === null) {
      this.refuse(socket, 404, 'Not Found', 'stream-path');
      return;
    }
    const signature = request.headers['x-twilio-signature'];
    // Another instance, without a host of its own for streams, may have announced it.
    const hosts = [...new Set([this.streamHost, this.publicHost])];
    const urls = hosts.flatMap((host) => streamUrlVariants(host, path));
    if (authTokens.length > 0 && (typeof signature !== 'string' || !isSigned(signature, authTokens, urls))) {
      this.refuse(socket, 403, 'Forbidden', 'stream-signature');
      return;
    }
    const [, worker] = announcedBy;
    if (peers === undefined || worker === undefined || worker === peers.name) this.takeUpgrade(request, socket, head);
    else peers.passUpgrade(worker, request, socket as Socket, head);
  }

  /** Opens a stream whose request has been checked, here or by another process. */
  takeUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Audio comes in small messages that must not wait for each other.
    (socket as Socket).setNoDelay?.(true);
    this.sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const stream: TwilioStream = new TwilioStream({
        socket: webSocket,
        clock: this.clock,
        admit: (opened, start) => this.calls.admit(opened, start),
        turn: this.frameTurn,
        count: (kind) => this.parts.metrics.streamAnomalies.inc({ kind }),
        onRefused: (reason) => {
          this.parts.metrics.refusedRequests.inc({ reason: 'stream-start' });
          this.parts.log.warn({ reason }, 'stream refused');
        },
      });
      void stream;
    });
  }

  private get ownStreamPath(): string {
    const { peers } = this.parts;
    return peers === undefined ? PATHS.stream : `${PATHS.stream}/${peers.name}`;
  }

  private refuse(socket: Duplex, status: number, text: string, reason: string): void {
    this.parts.metrics.refusedRequests.inc({ reason });
    this.parts.log.warn({ reason, status }, 'upgrade refused');
    refuseUpgrade(socket, status, text);
  }

  private onStreamStatus(webhook: VoiceWebhook): undefined {
    if (webhook.form.get('StreamEvent') !== 'stream-error') return;
    const code = /^\d{5}/.exec(webhook.form.get('StreamError') ?? '')?.[0];
    const fields = { call_sid: webhook.callSid, twilio_error: code === undefined ? undefined : Number(code) };
    // Twilio calls it an error, too, when we close a stream because the call goes on elsewhere.
    if (code === CLOSED_BY_US) this.parts.log.debug(fields, 'Twilio reports that the stream was closed');
    else this.parts.log.error(fields, 'Twilio reports a stream error');
  }
}

/** Twilio's code for a stream that the server closed (Twilio: error 31921). */
const CLOSED_BY_US = '31921';

/** A stream's path, and in it who announced the stream. Twilio allows no query there. */
const STREAM_PATH = new RegExp(`^${PATHS.stream}(?:/(\\w{1,16}))?$`);

/** What is asked about the called leg of a call of ours. */
const OF_A_LEG: ReadonlySet<string> = new Set([PATHS.whisper, PATHS.legStatus]);

const REFUSALS = {
  method: 'Twilio webhooks are POST requests.',
  'not-a-form': 'Expected an application/x-www-form-urlencoded body.',
  'too-large': 'The body is larger than any Twilio webhook.',
  signature: 'The X-Twilio-Signature is missing or does not fit. Check TWILIO_AUTH_TOKEN and PUBLIC_HOST.',
  'no-call-sid': 'The form has no usable CallSid.',
  'wrong-account': 'This gateway serves another Twilio account.',
  aborted: 'The request ended early.',
} as const;

function send(
  response: ServerResponse,
  status: number,
  type: string | undefined,
  body: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, {
    ...(type === undefined ? {} : { 'content-type': type }),
    'cache-control': 'no-store',
    ...headers,
  });
  response.end(body);
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  send(response, status, 'application/json', `${JSON.stringify(body)}\n`);
}
