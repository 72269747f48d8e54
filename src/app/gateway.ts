import type { IncomingMessage } from 'node:http';
import type { WebSocket } from 'ws';
import { hostname } from 'node:os';
import type { Duplex } from 'node:stream';
import { Admission, eventLoopDelay } from '../call/admission.js';
import type { BeforeCall, CallContext } from '../call/before-call.js';
import type { OutboundFacts } from '../call/call-facts.js';
import type { CallEventListener } from '../call/call-events.js';
import { CONNECTION_OVERRIDES, PATHS } from '../call/paths.js';
import type { OwnProcessor } from '../call/media/own-processors.js';
import { CallRegistry, type OperatorAction } from '../call/registry.js';
import { type Clock, systemClock } from '../base/clock.js';
import type { Config } from '../config/config.js';
import type { ContactStep } from '../console/messages.js';
import type { PhonePages } from '../console/phones.js';
import type { OtherInstances } from '../console/other-instances.js';
import type { ScrubTape } from '../console/scrubbed-tapes.js';
import { OperatorConsole } from '../console/operator-console.js';
import { Drain } from './drain.js';
import { EventRelay } from './event-relay.js';
import { HttpServer } from './http-server.js';
import { FaultInjection, type InjectedFaults } from './injected-faults.js';
import { type OutboundParts, openOutbound } from './outbound.js';
import { StreamUpgrades } from '../edge/stream-upgrades.js';
import { TwilioWebhooks } from '../edge/twilio-webhooks.js';
import type { HubSpot } from '../crm/hubspot.js';
import type { CallEvents } from '../hooks/call-events.js';
import type { ConnectAgents } from '../handover/agent-availability.js';
import type { CallbackStore } from '../handover/callbacks.js';
import type { CallerIndex } from '../handover/caller-index.js';
import { HandoverDesk } from '../handover/desk.js';
import type { OwnPhrases } from '../escalation/asks-for-human.js';
import { EscalationRules } from '../escalation/rules.js';
import type { HandoverStore } from '../handover/store.js';
import type { Journal } from '../journal/journal.js';
import type { CallIds } from '../telemetry/call-ids.js';
import type { CallLine, Logger } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { SpanPlace } from '../telemetry/span.js';
import type { Peers, Readiness } from './peers.js';
import type { Assistant } from '../prompts/assistant.js';
import type { TapeRecorder } from '../tape/recorder.js';
import type { CallTraces } from '../trace/call-traces.js';
import { tapedAssistant } from './taped-settings.js';
import { TwilioRest, type UpdateResult } from '../twilio/rest.js';
import type { CallVoice } from '../voice/continuity/provider.js';
import type { AssistantTool } from '../voice/tools.js';

/**
 * The parts of a gateway. The gateway owns only the server. The other parts are closed by the code that opened them.
 */
export interface GatewayParts {
  config: Config;
  log: Logger;
  metrics: Metrics;
  provider: CallVoice;
  store: HandoverStore;
  pepper: string;
  /** Where calls are recorded so that another instance can take them over. */
  journal: Journal;
  /** Stores the messages that callers leave for the team. */
  callbacks: CallbackStore;
  /** Finds handovers by the caller's number. Absent if that is switched off. */
  callers?: CallerIndex | undefined;
  /** Asks whether an agent can take a handover. `undefined` if that is not checked. */
  agents?: ConnectAgents | undefined;
  /** Gets a copy of every handover, without delaying the call. `undefined` if no CRM is configured. */
  crm?: HubSpot | undefined;
  /** Returns the assistant for calls to this number, or for a call that the gateway makes from it. */
  assistantFor: (ownNumber: string, outbound?: OutboundFacts, known?: CallContext) => Assistant;
  /** Tells the operator's systems of calls. `undefined` if they are not told. */
  callEvents?: CallEvents | undefined;
  /** Asks what is known of a call before it is answered. `undefined` if nothing can be asked. */
  beforeCall?: BeforeCall | undefined;
  /** What is needed to make calls. `undefined` if the gateway makes none. */
  outbound?: OutboundParts | undefined;
  /** Tools besides the built-in ones. */
  tools?: readonly AssistantTool[];
  /** Processors of extensions. */
  processors?: readonly OwnProcessor[];
  /** The operator's phrases that ask for a human, besides the built-in ones. */
  ownPhrases?: OwnPhrases;
  clock?: Clock;
  /** Other processes behind the same port. `undefined` if there are none. */
  peers?: Peers | undefined;
  /** Learns the ids of every call, for the log. */
  ids?: CallIds | undefined;
  /** The softphone and the agent's desk. `undefined` if the carrier is not simulated. */
  phones?: PhonePages | undefined;
  /** Lets the operator break what a call stands on. `undefined` if the carrier is not simulated. */
  faults?: InjectedFaults | undefined;
  /** The consoles of other instances. `undefined` if there are none. */
  consoles?: OtherInstances | undefined;
  /** What processes behind one port sign the console's pages with, if there is no token. `undefined` for a random one. */
  consoleSecret?: Buffer | undefined;
  /** Ends the process as a signal does, when the operator asks for it. By default only the calls are finished. */
  stop?: (() => void) | undefined;
  /** Sends the requests to Twilio. Default: `fetch` of Node. */
  fetch?: typeof fetch;
  /** Traces the calls. `undefined` if they are not traced. */
  traces?: CallTraces | undefined;
  /** Records the calls. `undefined` if they are not recorded. */
  recorder?: TapeRecorder | undefined;
  /** Takes the people out of a tape, for the console. `undefined` if nothing here can. */
  scrubTape?: ScrubTape | undefined;
  /** More fields for /health. In local mode the simulator finds the embedded store there. */
  about?: Record<string, unknown>;
}

type Phase = 'starting' | 'ready' | 'draining';

/** One gateway with its calls and its HTTP server. Starts, drains and closes both. */
export class Gateway {
  private readonly parts: GatewayParts;
  private readonly clock: Clock;
  private readonly events: EventRelay;
  private readonly http: HttpServer;
  private readonly calls: CallRegistry;
  private readonly webhooks: TwilioWebhooks;
  private readonly streams: StreamUpgrades;
  private readonly console: OperatorConsole;
  private readonly outbound: ReturnType<typeof openOutbound>;
  private phase: Phase = 'starting';
  private draining: Drain | undefined;

  constructor(parts: GatewayParts) {
    const { assistantFor, config, log, metrics, pepper, provider, store } = parts;
    this.parts = parts;
    this.clock = parts.clock ?? systemClock;
    this.events = new EventRelay({ ids: parts.ids, log, metrics });
    const { handover } = config;
    const rest = this.twilioRest();
    this.calls = new CallRegistry(
      {
        clock: this.clock,
        log,
        metrics,
        provider,
        assistantFor,
        beforeCall: parts.beforeCall,
        onEndedElsewhere: (callSid, outcome) => parts.callEvents?.endedElsewhere(callSid, outcome),
        onRefused: (call) => parts.callEvents?.refused(call),
        desk: new HandoverDesk({
          store,
          callers: parts.callers,
          pepper,
          ttlSeconds: handover.ttlSeconds,
          clock: this.clock,
          log,
        }),
        tools: parts.tools ?? [],
        processors: parts.processors ?? [],
        rules: new EscalationRules({
          ...config.escalation,
          ...(parts.ownPhrases === undefined ? {} : { phrases: parts.ownPhrases }),
        }),
        humanDigit: config.humanDigit,
        idleMs: config.idleMs,
        journal: parts.journal,
        tokenLifeMs: handover.ttlSeconds * 1000,
        maxCallMs: config.maxCallMs,
        maxUnansweredTurns: config.maxUnansweredTurns,
        pipeline: config.pipeline,
        connectPhoneNumber: handover.connectPhoneNumber,
        ownNumber: config.twilio.phoneNumber,
        callbacks: parts.callbacks,
        doNotCall: parts.outbound?.doNotCall,
        agents: parts.agents,
        crm: parts.crm,
        rest: config.dial.by === 'rest' ? rest : undefined,
        isOverAtTwilio: rest && ((callSid) => rest.isOver(callSid)),
        nextSteps: config.dial.nextSteps,
        summaryLanguage: config.handover.summaryLanguage,
        url: (scheme, path) => this.urlOf(scheme, path),
        traces: parts.traces,
        streamsComeHere: config.streamHost !== undefined || parts.peers !== undefined,
        emit: (event) => this.events.emit(event),
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
            'the event loop is late; new callers go to another instance or a human until it keeps up',
          );
        },
      }),
    );
    metrics.watchCalls(() => this.calls.activeCalls.map(({ state }) => state));
    const { faults, peers, phones, recorder, traces } = parts;
    if (traces !== undefined) this.watch((event) => traces.onCallEvent(event));
    recorder?.attach({
      publicHost: () => this.publicHost,
      assistantFor: (numberCalled, callSid) => {
        const known = parts.beforeCall?.of(callSid);
        return tapedAssistant(assistantFor(numberCalled, undefined, known), this.clock, known);
      },
    });
    const { callEvents } = parts;
    if (callEvents !== undefined) this.watch((event) => callEvents.onCallEvent(event));
    if (recorder !== undefined) this.watch((event) => recorder.onEvent(event));
    this.outbound = openOutbound(config, parts.outbound, {
      calls: this.calls,
      isDraining: () => this.phase === 'draining',
      url: (scheme, path) => this.urlOf(scheme, path),
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
      // Another instance, which has no host of its own for streams, may have asked for the stream.
      hosts: () => [...new Set([this.streamHost, this.publicHost])],
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
      instance: () => this.instanceName,
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
    return this.parts.config.publicHost ?? `localhost:${this.port}`;
  }

  /** The host under which Twilio's streams reach this process. */
  private get streamHost(): string {
    return this.parts.config.streamHost ?? this.publicHost;
  }

  private urlOf(scheme: 'https' | 'wss', path: string): string {
    return path === PATHS.stream
      ? `${scheme}://${this.streamHost}${this.ownStreamPath}`
      : `${scheme}://${this.publicHost}${path}${CONNECTION_OVERRIDES}`;
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

  /** `undefined` without credentials. */
  private twilioRest(): TwilioRest | undefined {
    const { config, log, metrics } = this.parts;
    const { accountSid, authTokens } = config.twilio;
    const { restUrl } = config.dial;
    const [authToken] = authTokens;
    if (accountSid === undefined || authToken === undefined) return undefined;
    const count = (result: UpdateResult): void => metrics.restUpdates.inc({ result });
    const send = this.parts.recorder?.fetch(this.parts.fetch ?? fetch);
    return new TwilioRest({
      baseUrl: restUrl,
      accountSid,
      authToken,
      clock: this.clock,
      log,
      count,
      ...(send === undefined ? {} : { fetch: send }),
    });
  }

  private get readiness(): Readiness {
    return { status: this.phase, isReady: this.phase === 'ready', calls: this.activeCalls };
  }

  /** Tells this process from the others, on this machine and on others that share its calls. */
  private get instanceName(): string {
    const { config, peers } = this.parts;
    if (peers === undefined) return `${hostname()}:${this.port}`;
    return config.journal === undefined ? `w${peers.name}` : `${hostname()}-w${peers.name}`;
  }

  private get ownStreamPath(): string {
    const { peers } = this.parts;
    return peers === undefined ? PATHS.stream : `${PATHS.stream}/${peers.name}`;
  }
}
