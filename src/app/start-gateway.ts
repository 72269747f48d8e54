import type { DestinationStream } from 'pino';
import { type Clock, systemClock } from '../base/clock.js';
import { fencedClock } from '../base/fenced-clock.js';
import { type SecretFunction, secretHandler } from '../call/secrets/secret-function.js';
import type { Config } from '../config/config.js';
import { OwnPhonePages } from '../console/own-phone-pages.js';
import type { OpenPhones, PhonePages, PhonesParts } from '../console/phones.js';
import { gatewayVersion } from '../console/version.js';
import { readOwnPhrases } from '../escalation/own-phrases.js';
import { loadExtensions, processorsOf } from './extensions.js';
import type { GatewayParts } from './gateway-parts.js';
import { Gateway } from './gateway.js';
import { LOCAL_MODE_PEPPER } from '../handover/token.js';
import { outboundParts } from './outbound.js';
import { assistantOf, openAssistants } from './assistants.js';
import { openCallContext } from './call-context.js';
import { mcpServersOf, openMcp } from './open-mcp.js';
import { openCallEvents } from './open-call-events.js';
import { openTraces } from './open-traces.js';
import { openAgents } from './open-agents.js';
import { openEmf } from './open-emf.js';
import { openCrm } from './open-crm.js';
import { type Closer, type EmbeddedStore, openStore } from './open-store.js';
import { openTapes } from './open-tapes.js';
import type { JournalBackend } from '../journal/backend.js';
import { type OpenJournalOptions, openJournal } from '../journal/open-journal.js';
import { CallIds } from '../telemetry/call-ids.js';
import { type Figures, ProcessFigures } from '../telemetry/figures.js';
import { type CallLine, type Logger, createLogger } from '../telemetry/log.js';
import { FirstOfKind } from '../telemetry/first-of-kind.js';
import { memoryLimitBytes } from '../telemetry/memory-limit.js';
import { Metrics } from '../telemetry/metrics.js';
import type { InjectedFaults, OpenInjectedFaults } from './injected-faults.js';
import type { Peers } from './peers.js';
import type { SpeechEngine } from '../speech/engine.js';
import type { OtherInstances } from '../console/other-instances.js';
import { createVoice } from './voice-providers.js';
import type { VoiceProvider } from '../voice/session.js';
import type { AssistantTool } from '../voice/tools.js';

/** A gateway that is listening, with everything it needs. */
export interface RunningGateway {
  gateway: Gateway;
  config: Config;
  metrics: Metrics;
  /** Where the handover records are in local mode. `undefined` outside local mode. */
  embeddedStore: EmbeddedStore | undefined;
  /** Reads what this process reports to CloudWatch. `undefined` if nothing is reported. */
  figures: (() => Promise<Figures>) | undefined;
  /** Whether voice and store both run in this process, so that no outside service is needed. */
  isEmbedded: boolean;
  /** Closes the gateway and everything that was opened for it. */
  close(): Promise<void>;
}

export interface StartOptions {
  /** Where log lines are written. Standard output by default. */
  logDestination?: DestinationStream;
  /** Recogniser and synthesiser for the local provider. The caller of {@link startGateway} closes it. */
  engine?: SpeechEngine;
  /** Replace the configured providers, in the order of preference. The gateway prepares and closes them. */
  providers?: readonly [VoiceProvider, ...VoiceProvider[]];
  /** Tools besides the built-in ones and those of extensions. */
  tools?: readonly AssistantTool[];
  /** Takes digits that no model hears, in place of an extension. */
  onSecret?: SecretFunction;
  /** Environment variables for extensions. Nothing else is read from them. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Set if this process is one of several behind one port. */
  worker?: {
    peers: Peers;
    /** The number of processes, which share the machine's memory. */
    processes: number;
    journal: OpenJournalOptions['shared'];
    consoles: OtherInstances;
    consoleSecret: Buffer;
    /** The telephones of the console's pages, in another process. `undefined` if that has none. */
    phones: PhonePages | undefined;
    /** Kills this process. Only asked for on a simulated call. */
    kill: () => void;
  };
  /** Opens the softphone and the agent's desk. Called only if the carrier is simulated and the store embedded. */
  openPhones?: OpenPhones;
  /** Lets the operator break what a call stands on. Called only if the carrier is simulated. */
  openFaults?: OpenInjectedFaults;
  /** Takes the people out of a tape; see {@link GatewayParts.scrubTape}. */
  scrubTape?: GatewayParts['scrubTape'];
  /** Called when the operator stops the gateway from its console; see {@link GatewayParts.stop}. */
  stop?: GatewayParts['stop'];
  /** Maximum time until a provider is prepared. */
  prepareLimitMs?: number;
  /** The clock of calls. The system's by default. */
  clock?: Clock;
}

/**
 * Opens the voice provider, the handover store and the journal, then starts the gateway. If a step fails, everything
 * that was opened is closed again.
 * @throws TandemError that tells the operator what to do
 */
export async function startGateway(config: Config, options: StartOptions = {}): Promise<RunningGateway> {
  const closers: Closer[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of closers.reverse()) await close();
  };
  try {
    const ids = new CallIds();
    let onCallLine: ((line: CallLine) => void) | undefined;
    const log = createLogger({
      level: config.logLevel,
      onCallLine: (line) => onCallLine?.(line),
      worker: options.worker?.peers.name,
      ids,
      ...(options.logDestination === undefined ? {} : { destination: options.logDestination }),
    });
    const metrics = new Metrics();
    const version = await gatewayVersion();
    metrics.buildInfo.set({ version, node: process.version }, 1);
    const figures = config.emf && new ProcessFigures(metrics, String(process.pid));
    closers.push(() => figures?.close());
    metrics.capacity.set({ limit: 'concurrent_calls' }, config.maxConcurrentCalls);
    metrics.capacity.set({ limit: 'memory_bytes' }, memoryLimitBytes() / (options.worker?.processes ?? 1));
    const first = new FirstOfKind();
    const fenced = fencedClock(options.clock ?? systemClock, (error) => {
      metrics.processorErrors.inc({ processor: 'timer' });
      const [at] = error instanceof Error ? (/^\s+at .*$/m.exec(error.stack ?? '') ?? []) : [];
      if (first.isFirst('', at ?? ''))
        log.error({ err: error }, 'a timer caused an error; further ones are only counted');
    });
    const ownPhrases = await readOwnPhrases(config.escalation.phrasesFile);
    const recorder = await openTapes(config, {
      providers: options.providers,
      worker: options.worker?.peers.name,
      clock: fenced,
      log,
      ownPhrases,
    });
    closers.push(() => recorder?.close());
    const clock = recorder?.clock(fenced) ?? fenced;
    const extensions = await loadExtensions(config.extensions, process.cwd());
    const processors = processorsOf(extensions, config, options.env ?? {});
    const ownTools = [...extensions.tools, ...(options.tools ?? [])];
    const tools = recorder?.tools(ownTools) ?? ownTools;
    const onSecret = options.onSecret ?? extensions.onSecret;
    const handler = onSecret && secretHandler(onSecret, options.env ?? {});
    const secrets = handler && (recorder?.secrets(handler) ?? handler);
    const faults = await openFaults(config, clock, options);
    closers.push(() => faults?.close());
    const mcpServers = await mcpServersOf(config, options.env ?? {});
    const assistants = await openAssistants({ config, extensions, tools, mcpServers, providers: options.providers });
    const provider = await createVoice({
      ...options,
      clock,
      config,
      log,
      metrics,
      assistants,
      extensions,
      recorder,
      env: options.env ?? {},
      ...(faults === undefined ? {} : { wrap: (each: VoiceProvider) => faults.provider(each) }),
    });
    closers.push(() => provider.close());
    await provider.prepare();

    const mcp = await openMcp({
      servers: mcpServers,
      assistants,
      tools,
      env: options.env ?? {},
      // Not the recorder's: a replay has what the tools answered, and calls none.
      clock: fenced,
      log,
      metrics,
    });
    closers.push(() => mcp?.close());

    const { handover } = config;
    const { embeddedStore, store } = await openStore(handover, { log, metrics, closers });
    const breakable = faults?.store(store) ?? store;
    const tapedStore = recorder?.service(breakable, 'store', 'handovers', ['put', 'update', 'keep']) ?? breakable;
    const callers = recorder?.service(store.callers, 'store', 'callers', ['link']) ?? store.callers;

    // On the system's clock, because the journal waits for a real network even if calls run on another clock.
    const journal = await openJournal({
      config: config.journal,
      clock: systemClock,
      callClock: clock,
      log,
      metrics,
      shared: options.worker?.journal,
      ...(faults === undefined ? {} : { wrap: (backend: JournalBackend) => faults.journal(backend) }),
      onLost: (callSid) => gateway.onCallLost(callSid),
    });
    closers.push(() => journal.close());
    const consoles = await openConsoles(config, log, options);
    closers.push(() => consoles?.close());
    // Closed after the calls and the CRM, whose ends it sends.
    const worker = options.worker?.peers.name;
    const tracing = await openTraces(config, { clock, log, metrics, version, worker });
    closers.push(() => tracing?.sender.close());
    const agents = await openAgents(config, metrics, log, clock);
    closers.push(() => agents?.close());
    const crm = openCrm(config, metrics, clock, recorder);
    // Closed after the calls, and before the store it writes to.
    closers.push(() => crm?.close());
    const beforeCall = openCallContext({
      config,
      extensions,
      env: options.env ?? {},
      crm,
      assistants,
      notes: journal.health.backend === 'memory' ? undefined : journal.notes,
      // Not the recorder's: a replay has what the hook said, and asks nothing.
      clock: fenced,
      log,
      metrics,
    });
    const callEvents = openCallEvents({
      config,
      extensions,
      env: options.env ?? {},
      notes: journal.lastingNotes,
      isShared: journal.health.backend !== 'memory',
      clock: fenced,
      log,
      metrics,
    });
    // Closed after the calls, whose ends it tells, and before the journal.
    closers.push(() => callEvents?.close());
    const hasPhones = config.isCarrierSimulated && embeddedStore !== undefined;
    // Kept, because the carrier reports a call's end to a gateway that may have closed its port.
    let origin: string | undefined;
    const phones = hasPhones
      ? await openPhonePages(options, {
          publicHost: () => gateway.publicHost,
          origin: () => (origin ??= originOf(config.host, gateway.port)),
          store: embeddedStore,
          pepper: handover.pepper ?? LOCAL_MODE_PEPPER,
          connectPhoneNumber: handover.connectPhoneNumber,
          onAgentStep: (callSid, step) => gateway.onAgentStep(callSid, step),
          onContactStep: (callSid, step) => gateway.onContactStep(callSid, step),
        })
      : undefined;
    const gateway: Gateway = new Gateway({
      config,
      log,
      ids,
      metrics,
      provider,
      store: tapedStore,
      callbacks: tapedStore,
      callers: handover.callerMatch ? callers : undefined,
      journal,
      agents: agents && (recorder?.service(agents, 'http', 'connect', ['reach']) ?? agents),
      recorder,
      traces: tracing?.traces,
      scrubTape: options.scrubTape,
      peers: options.worker?.peers,
      consoles,
      consoleSecret: options.worker?.consoleSecret,
      crm,
      pepper: handover.pepper ?? LOCAL_MODE_PEPPER,
      ownPhrases,
      beforeCall,
      callEvents,
      assistantFor: assistantOf(assistants, clock),
      outbound: outboundParts(config, {
        assistants,
        clock,
        list: store.numbers,
        notes: journal.notes,
        simulated: phones?.account?.bind(phones),
      }),
      tools,
      mcpTools:
        mcp &&
        (({ prompt }, ownNumber) => {
          const given = mcp.toolsFor({ promptName: prompt.name, ownNumber, language: prompt.language });
          return recorder?.tools(given) ?? given;
        }),
      secrets,
      processors,
      clock,
      phones,
      faults,
      stop: options.stop,
      about:
        embeddedStore === undefined
          ? {}
          : { embedded: { ...embeddedStore, connect_phone_number: handover.connectPhoneNumber } },
    });
    onCallLine = (line) => gateway.onCallLine(line);
    // Behind one port the primary writes a line for all processes.
    const emf = options.worker === undefined ? openEmf(config, figures, options.logDestination) : undefined;
    closers.push(() => emf?.close());
    closers.push(() => gateway.close());
    closers.push(() => phones?.close());
    await gateway.start();
    const voices = [...config.voiceProviders, ...assistants.providers];
    const isEmbedded = handover.embedded && voices.every((name) => name === 'local');
    const read = figures && (() => figures.read());
    return { gateway, config, metrics, embeddedStore, isEmbedded, figures: read, close: closeAll };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** Behind one port they are in the primary, so that they outlive each of its workers. */
async function openPhonePages(
  { openPhones, worker }: StartOptions,
  parts: PhonesParts,
): Promise<PhonePages | undefined> {
  if (worker !== undefined) return worker.phones;
  return openPhones === undefined ? undefined : new OwnPhonePages(await openPhones(parts));
}

/** With a real carrier nothing is loaded that could break a call. */
async function openFaults(
  { isCarrierSimulated }: Config,
  clock: Clock,
  { openFaults: open, worker }: StartOptions,
): Promise<InjectedFaults | undefined> {
  return isCarrierSimulated ? open?.({ clock, kill: worker?.kill }) : undefined;
}

/** Returns where a gateway on this host is, for a client on the same machine. */
function originOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** With Redis it leads to all instances, also to those on this machine. The Redis client is loaded only then. */
async function openConsoles(
  { journal }: Config,
  log: Logger,
  { worker }: StartOptions,
): Promise<OtherInstances | undefined> {
  if (journal === undefined) return worker?.consoles;
  const { RedisInstances } = await import('../console/redis-instances.js');
  return new RedisInstances({ target: journal.redis, keys: journal.keys, clock: systemClock, log });
}
