import type { IncomingMessage } from 'node:http';
import type { WebSocket } from 'ws';
import type { Duplex } from 'node:stream';
import type { CallEventListener } from '../call/call-events.js';
import type { CallServices } from '../call/call-services.js';
import type { CallRegistry, OperatorAction } from '../call/registry.js';
import { type Clock, systemClock } from '../base/clock.js';
import type { ContactStep } from '../console/messages.js';
import { OperatorConsole } from '../console/operator-console.js';
import { Drain } from './drain.js';
import { EventRelay } from './event-relay.js';
import { GatewayAddress } from './gateway-address.js';
import type { GatewayParts } from './gateway-parts.js';
import { HttpServer } from './http-server.js';
import { FaultInjection } from './injected-faults.js';
import { openCalls } from './open-calls.js';
import { openTwilio } from './open-twilio.js';
import { openOutbound } from './outbound.js';
import { StreamUpgrades } from '../edge/stream-upgrades.js';
import { TwilioWebhooks } from '../edge/twilio-webhooks.js';
import type { CallLine } from '../telemetry/log.js';
import type { SpanPlace } from '../telemetry/span.js';
import type { Readiness } from './peers.js';
import type { Assistant } from '../prompts/assistant.js';
import { tapedAssistant } from './taped-settings.js';
import type { AssistantTool } from '../voice/tools.js';

type Phase = 'starting' | 'ready' | 'draining';

/** One gateway with its calls and its HTTP server. Starts, drains and closes both. */
export class Gateway {
  private readonly parts: GatewayParts;
  private readonly clock: Clock;
  private readonly events: EventRelay;
  private readonly address: GatewayAddress;
  private readonly http: HttpServer;
  private readonly calls: CallRegistry;
  private readonly webhooks: TwilioWebhooks;
  private readonly streams: StreamUpgrades;
  private readonly console: OperatorConsole;
  private readonly outbound: ReturnType<typeof openOutbound>;
  private phase: Phase = 'starting';
  private draining: Drain | undefined;

  constructor(parts: GatewayParts) {
    const { assistantFor, config, log, metrics } = parts;
    this.parts = parts;
    this.clock = parts.clock ?? systemClock;
    this.events = new EventRelay({ ids: parts.ids, log, metrics });
    this.address = new GatewayAddress(parts, () => this.port);
    const url: CallServices['url'] = (scheme, path) => this.address.url(scheme, path);
    this.calls = openCalls(parts, {
      ...openTwilio({
        config,
        clock: this.clock,
        // So that a tape has Twilio's answers.
        fetch: parts.recorder?.fetch(parts.fetch ?? fetch) ?? parts.fetch,
        log,
        metrics,
        url,
      }),
      clock: this.clock,
      tools: (assistant, ownNumber) => this.toolsFor(assistant, ownNumber),
      url,
      emit: (event) => this.events.emit(event),
    });
    metrics.watchCalls(() => this.calls.activeCalls.map(({ state }) => state));
    const { faults, peers, phones, recorder, traces } = parts;
    if (traces !== undefined) this.watch((event) => traces.onCallEvent(event));
    recorder?.attach({
      publicHost: () => this.publicHost,
      assistantFor: (numberCalled, callSid) => {
        const known = parts.beforeCall?.of(callSid);
        return tapedAssistant(assistantFor(numberCalled, undefined, known), this.clock, known);
      },
      toolsFor: (numberCalled, callSid) =>
        this.toolsFor(assistantFor(numberCalled, undefined, parts.beforeCall?.of(callSid)), numberCalled),
    });
    const { callEvents } = parts;
    if (callEvents !== undefined) this.watch((event) => callEvents.onCallEvent(event));
    if (recorder !== undefined) this.watch((event) => recorder.onEvent(event));
    this.outbound = openOutbound(config, parts.outbound, {
      calls: this.calls,
      isDraining: () => this.phase === 'draining',
      url,
      fetch: parts.fetch,
      clock: this.clock,
      log,
      metrics,
    });
    this.watch((event) => this.outbound.calls?.reports.onCallEvent(event));
    this.webhooks = new TwilioWebhooks({
      calls: this.calls,
      outbound: this.outbound.calls?.reports,
      twilio: config.twilio,
      publicHost: () => this.publicHost,
      log,
      metrics,
      peers,
      traces: traces && { propagators: config.traces?.propagators ?? [], of: traces },
      around: recorder && ((path, form, answer) => recorder.webhook(path, form, answer)),
    });
    this.streams = new StreamUpgrades({
      admit: (opened, start) => {
        parts.faults?.onStream(start.callSid, opened);
        return this.calls.admit(opened, start);
      },
      signingKeys: [...config.twilio.authTokens, ...config.twilio.sharedKeys],
      hosts: () => this.address.streamHosts,
      clock: this.clock,
      log,
      metrics,
      peers,
      onSocket: recorder && ((socket) => recorder.stream(socket)),
    });
    const injection = new FaultInjection({ faults, phones, log });
    if (faults !== undefined) this.watch((event) => faults.onCallEvent(event));
    this.console = new OperatorConsole({
      ...config.console,
      hosts: () => [this.publicHost, ...config.console.hosts],
      others: parts.consoles,
      secret: parts.consoleSecret,
      instance: () => this.address.instanceName,
      operate: (callSid, request) =>
        request.action === 'fault' ? injection.inject(callSid, request.fault) : this.operate(callSid, request),
      faults: injection.offered,
      outbound: config.outbound !== undefined,
      tapes: recorder?.kept,
      scrubTape: parts.scrubTape,
      deadLetters: parts.callEvents?.deadLetters,
      stop: parts.stop ?? (() => void this.drain(config.drainSeconds)),
      phones,
      clock: this.clock,
      log,
      metrics,
    });
    this.watch((event) => this.console.onCallEvent(event));
    this.http = new HttpServer({
      config,
      webhooks: this.webhooks,
      streams: this.streams,
      console: this.console,
      outbound: this.outbound.api,
      about: () => ({ public_host: this.publicHost, ...parts.about }),
      readiness: () => peers?.readiness() ?? this.readiness,
      metricsText: () => peers?.metrics() ?? metrics.text(),
      clock: this.clock,
      log,
      metrics,
    });
  }

  /**
   * Starts to listen and to accept calls.
   * @throws TandemError PORT_IN_USE, CONFIG_INVALID
   */
  async start(): Promise<void> {
    await this.http.start();
    this.phase = 'ready';
    this.parts.log.info({ host: this.parts.config.host, port: this.port }, 'listening');
  }

  /** The port the gateway listens on, or listened on. */
  get port(): number {
    return this.http.port;
  }

  /** The port of the metrics alone. `undefined` if they are on the main port. */
  get metricsPort(): number | undefined {
    return this.http.metricsPort;
  }

  /** The host Twilio knows the gateway by. */
  get publicHost(): string {
    return this.address.publicHost;
  }

  get activeCalls(): number {
    return this.calls.activeCalls.length;
  }

  /** Calls `listener` with the events of every call. Returns a function that stops it. */
  watch(listener: CallEventListener): () => void {
    return this.events.watch(listener);
  }

  /** Returns the TwiML for a webhook that another process has checked. `undefined` for an empty answer. */
  answer(path: string, form: URLSearchParams, link?: SpanPlace): Promise<string | undefined> {
    return this.webhooks.answer(path, form, link);
  }

  /** Whether this process would answer the webhook. `false` only for a new call that it would refuse. */
  hasRoomFor(path: string, form: URLSearchParams): boolean {
    return this.webhooks.hasRoomFor(path, form);
  }

  /** Opens a stream whose upgrade request another process has checked. */
  takeUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.streams.take(request, socket, head);
  }

  /** Does what the operator asks for, with a call of this process. */
  operate(callSid: string, action: OperatorAction): ReturnType<CallRegistry['operate']> {
    const operate = (): ReturnType<CallRegistry['operate']> => this.calls.operate(callSid, action);
    return this.parts.recorder?.operated(callSid, { ...action }, operate) ?? operate();
  }

  /** Takes note of a line of a call's log. */
  onCallLine(line: CallLine): void {
    this.console.onCallLine(line);
  }

  /** Takes note of what happens at an agent's desk. */
  onAgentStep(callSid: string, step: string): void {
    this.console.onAgentStep(callSid, step);
  }

  /** Takes note of what happens to the contact in the contact centre. */
  onContactStep(callSid: string, step: ContactStep): void {
    this.console.onContactStep(callSid, step);
  }

  /** Reads the stream of an open socket. */
  openStream(socket: WebSocket, transport: Duplex): void {
    this.streams.open(socket, transport);
  }

  /** Called when another instance has taken over a call that this one still has. */
  onCallLost(callSid: string): void {
    this.calls.onLost(callSid);
  }

  /** Empties the gateway of its calls before it stops. See {@link Drain.run}. */
  async drain(drainSeconds: number, canMove = true): Promise<void> {
    this.phase = 'draining';
    this.parts.metrics.draining.set(1);
    this.http.requests.closeConnections();
    this.console.drain();
    const { calls, clock, http } = this;
    this.draining ??= new Drain({
      calls,
      clock,
      log: this.parts.log,
      requests: http.requests,
      stopListening: () => void http.stopListening(),
    });
    await this.draining.run(drainSeconds, canMove);
    // A call that was accepted is made, or found if the answer to it was lost.
    await this.outbound.calls?.settled();
  }

  /** Closes the server and every socket. */
  async close(): Promise<void> {
    this.phase = 'draining';
    this.http.requests.closeConnections();
    this.outbound.calls?.close();
    this.calls.close();
    this.streams.close();
    this.console.close();
    await this.http.close();
  }

  private toolsFor(assistant: Assistant, ownNumber: string): readonly AssistantTool[] {
    const { mcpTools, tools = [] } = this.parts;
    return mcpTools === undefined ? tools : [...tools, ...mcpTools(assistant, ownNumber)];
  }

  private get readiness(): Readiness {
    return { status: this.phase, isReady: this.phase === 'ready', calls: this.activeCalls };
  }
}
