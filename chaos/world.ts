import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { connectSide } from '../sim/caller/agent-side.js';
import type { AgentScreen } from '../sim/connect/connect.js';
import { parseFault } from '../sim/hubspot/faults.js';
import type { ReceivedEvent } from '../sim/hooks/event-receiver.js';
import { HubSpotSim } from '../sim/hubspot/server.js';
import { Carrier } from '../sim/twilio/carrier.js';
import type { PhoneEndpoint } from '../sim/twilio/phone.js';
import { RestApi } from '../sim/twilio/rest.js';
import type { CallEvent } from '../src/call/call-events.js';
import { sleep, systemClock } from '../src/base/clock.js';
import { readConfig } from '../src/config/config.js';
import { type EmbeddedDynamoDb, startEmbeddedDynamoDb } from '../src/handover/embedded-dynamodb.js';
import { createLogger } from '../src/telemetry/log.js';
import { type RunningGateway, startGateway } from '../src/app/start-gateway.js';
import { busy, dropping, failing, silent } from '../test/support/handover-scene.js';
import { EDGE_HOST, type FallbackEdge, startFallbackEdge } from '../test/support/fallback-edge.js';
import { RedisServer } from '../test/support/redis-server.js';
import type { ScaledClock } from '../test/support/scaled-clock.js';
import { FlakyStore } from './flaky-store.js';
import { OperatorSystems } from './operator-systems.js';
import { type Model, type CallModels, providerOf } from './call-models.js';
import type { Calamity, DialFault, Language } from './plan.js';
import { Tunnel } from './tunnel.js';
import { SENTENCES } from './voice.js';

// The parts of a chaos run (gateways, carrier, models, stores, the agent's side) and the calamities that happen to them.

const HOST = 'gateways.example.com';
const AUTH_TOKEN = 'chaos-auth-token';
const ACCOUNT_SID = `AC${'1'.repeat(32)}`;
const PEPPER = 'chaos-pepper-0123456789';
const CONNECT_NUMBER = '+12065550100';
/** Read from the source tree, because dist/ holds code only. */
const ASSISTANTS = fileURLToPath(new URL('../../chaos/assistants.json', import.meta.url));
const GERMAN_PROMPT = fileURLToPath(new URL('../../chaos/german.json', import.meta.url));
const HUBSPOT_KEY = 'pat-na1-simulated';
const DRAIN_SECONDS = 20;
/** Maximum call time between a calamity and the request to the fallback that it causes. Twilio's timeouts are in real time. */
const FALLBACK_AFTER_MS = 150_000;

const PHONES: Readonly<Record<DialFault, PhoneEndpoint>> = { busy, failed: failing, 'no-answer': silent, dropping };

/** Returns the host that leads to one gateway alone. */
function streamHost(which: number): string {
  return `gateway-${which}.example.com`;
}

export interface WorldOptions {
  seed: number;
  direct: boolean;
  language: Language;
  /** Whether two gateways share a Redis. If false, there is one gateway without Redis. */
  isShared: boolean;
  clock: ScaledClock;
  askedFirst: number;
  onEvent: (event: CallEvent) => void;
  /** Called when an agent has the caller and sees this screen. */
  onScreen: (screen: AgentScreen) => void;
  /** Called with each event that the operator's receiver has taken. Returns whether to keep it. */
  onTold: (event: ReceivedEvent) => boolean;
}

/** Calamities that may cost a handover its context, because the record, the token or the gateway that knows it is lost. */
const COSTS_CONTEXT: ReadonlySet<Calamity['type']> = new Set([
  'dynamodb',
  'redis-killed',
  'redis-frozen',
  'no-connection',
  'gateway-restarted',
  'gateway-killed',
]);

/** How long a gateway may have had events in its memory alone after Redis was away, and after the end of a call. */
const UNWRITTEN_MS = { afterRedis: 30_000, afterEnd: 5000 };

interface Instance {
  which: number;
  running: RunningGateway | undefined;
  /** The tunnel to the gateway, and those from it to Redis and to the receiver of call events. */
  tunnels: readonly Tunnel[];
  port: number;
  isReady: boolean;
}

/** Everything that calls go through: carrier, gateways, models, stores, the agent's side. */
export class World {
  readonly screens: AgentScreen[] = [];
  /** Number of log lines of level error, by message. */
  readonly errors = new Map<string, number>();
  /** The models of each live call, by the caller's number. */
  readonly models = new Map<string, CallModels>();
  readonly dialFaults = new Map<string, DialFault[]>();
  carrier!: Carrier;
  operator!: OperatorSystems;
  private readonly options: WorldOptions;
  private readonly instances: Instance[] = [];
  private readonly closers: (() => Promise<unknown> | void)[] = [];
  private readonly log = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      this.noteLine(chunk.toString());
      done();
    },
  });
  private redis: RedisServer | undefined;
  private database!: EmbeddedDynamoDb;
  private store!: FlakyStore;
  private storeUrl = '';
  private hubspot!: HubSpotSim;
  private edge!: FallbackEdge;
  private rest!: RestApi;
  private restUrl = '';
  private asked: number;
  private unconnected = 0;
  private needlessFallbacks = 0;
  private lost = 0;
  /** Number of calamities now that may cost context, and the end of the latest one. */
  private troubles = 0;
  private lastTroubleMs = Number.NEGATIVE_INFINITY;
  /** The same for Redis alone. */
  private redisTroubles = 0;
  private lastRedisMs = Number.NEGATIVE_INFINITY;
  private readonly redisAwayMs: { fromMs: number; toMs: number }[] = [];
  /** When gateways were killed, and which ends of gateways came when Redis might not have had their events. */
  private readonly killsMs: number[] = [];
  private readonly costlyEndsMs: number[] = [];

  private constructor(options: WorldOptions) {
    this.options = options;
    this.asked = options.askedFirst;
  }

  static async start(options: WorldOptions): Promise<World> {
    const world = new World(options);
    await world.open();
    return world;
  }

  /** Requests to the number's fallback, and how many of them came without a calamity. */
  get fallbacks(): { asked: number; needless: number } {
    return { asked: this.edge.methods.length, needless: this.needlessFallbacks };
  }

  get activeCalls(): number {
    return this.instances.reduce((sum, { running }) => sum + (running?.gateway.activeCalls ?? 0), 0);
  }

  async lostSessions(): Promise<number> {
    for (const { running } of this.instances) await this.countLost(running);
    return this.lost;
  }

  /** Adds the lost sessions of one gateway. Called once for each gateway, at its end. */
  private async countLost(running: RunningGateway | undefined): Promise<void> {
    const text = (await running?.metrics.text()) ?? '';
    for (const found of text.matchAll(/^voice_provider_connection_failures_total\{.*\} (\d+)$/gm))
      this.lost += Number(found[1]);
  }

  voiceUrl(path: string): string {
    return `https://${HOST}${path}`;
  }

  /** Whether no calamity since then may have cost a handover its context. */
  wasWellSince(sinceMs: number): boolean {
    return this.troubles === 0 && this.lastTroubleMs < sinceMs;
  }

  /**
   * Whether a gateway may have taken events of a call with it: it was killed as the call ended, or it ended before a Redis that was
   * away had them again.
   */
  mayHaveLostEvents({ endedMs, startedMs }: { startedMs: number; endedMs: number }): boolean {
    const isAtEnd = (killMs: number): boolean => Math.abs(killMs - endedMs) < UNWRITTEN_MS.afterEnd;
    return this.killsMs.some(isAtEnd) || this.costlyEndsMs.some((endMs) => endMs >= startedMs);
  }

  /** Whether Redis was away during a call, so that a second gateway may have known less of it than the first. */
  wasRedisAway({ endedMs, startedMs }: { startedMs: number; endedMs: number }): boolean {
    return this.redisAwayMs.some(({ fromMs, toMs }) => fromMs <= endedMs && toMs >= startedMs);
  }

  /** Lets the calamity happen. Resolves when it is over. */
  async inflict(calamity: Calamity): Promise<void> {
    if (!COSTS_CONTEXT.has(calamity.type)) return this.happen(calamity);
    const isRedis = calamity.type === 'redis-killed' || calamity.type === 'redis-frozen';
    this.troubles++;
    const away = { fromMs: this.options.clock.now(), toMs: Number.POSITIVE_INFINITY };
    if (isRedis) {
      this.redisTroubles++;
      this.redisAwayMs.push(away);
    }
    await this.happen(calamity);
    this.troubles--;
    this.lastTroubleMs = this.options.clock.now();
    if (!isRedis) return;
    this.redisTroubles--;
    this.lastRedisMs = this.lastTroubleMs;
    away.toMs = this.lastTroubleMs;
  }

  private noteEnd(isKilled: boolean): void {
    const nowMs = this.options.clock.now();
    if (isKilled) this.killsMs.push(nowMs);
    if (this.redisTroubles > 0 || nowMs - this.lastRedisMs < UNWRITTEN_MS.afterRedis) this.costlyEndsMs.push(nowMs);
  }

  private async happen(calamity: Calamity): Promise<void> {
    const { clock } = this.options;
    switch (calamity.type) {
      case 'redis-killed':
        await this.redis?.kill();
        await sleep(systemClock, calamity.ms);
        await this.redis?.start();
        return;
      case 'redis-frozen':
        this.redis?.freeze();
        await sleep(systemClock, calamity.ms);
        this.redis?.thaw();
        return;
      case 'dynamodb':
        this.store.fault = calamity.how;
        await sleep(clock, calamity.ms);
        this.store.fault = undefined;
        return;
      case 'hubspot': {
        const planned = parseFault(calamity.fault);
        if (planned !== undefined) this.hubspot.faults.plan(planned.place, planned.fault, planned.times);
        return;
      }
      case 'receiver':
        this.operator.fail(calamity.fault);
        return;
      case 'receiver-down':
        await this.operator.beDown(calamity.ms);
        return;
      case 'rest-refuses':
        this.rest.refuseNext(calamity.times);
        return;
      case 'no-connection':
        this.unconnected++;
        await sleep(clock, calamity.ms);
        this.unconnected--;
        return;
      case 'gateway-restarted':
        await this.restart(calamity.which);
        return;
      case 'gateway-killed':
        await this.kill(calamity.which);
    }
  }

  async close(): Promise<void> {
    this.carrier.close();
    await this.carrier.whenIdle();
    for (const { running, tunnels } of this.instances) {
      await running?.close();
      for (const tunnel of tunnels) tunnel.cut();
    }
    for (const close of this.closers.reverse()) await close();
  }

  private async open(): Promise<void> {
    const { clock, isShared, seed } = this.options;
    this.redis = isShared ? await RedisServer.start() : undefined;
    this.closers.push(() => this.redis?.stop());
    this.database = await startEmbeddedDynamoDb();
    this.closers.push(() => this.database.close());
    this.store = new FlakyStore(this.database.endpointUrl);
    this.storeUrl = await this.store.start();
    this.closers.push(() => this.store.close());
    this.hubspot = await new HubSpotSim({ clock, keys: [HUBSPOT_KEY] }).start();
    this.closers.push(() => this.hubspot.close());
    this.operator = await OperatorSystems.start(clock, this.options.onTold);
    this.closers.push(() => this.operator.close());
    this.edge = await startFallbackEdge();
    this.closers.push(() => this.edge.close());
    const agents = connectSide(
      { dynamodb_endpoint: this.storeUrl, table: 'HandoverTokens' },
      PEPPER,
      clock,
      {
        onStep: () => undefined,
        onScreen: (screen) => {
          this.screens.push(screen);
          this.options.onScreen(screen);
        },
      },
      { clock: systemClock, patience: 1 },
    );
    this.closers.push(() => agents.close());
    const human: PhoneEndpoint = {
      ring: (leg) => {
        const fault = this.dialFaults.get(leg.from)?.shift();
        (fault === undefined ? agents.phone : PHONES[fault]).ring(leg);
      },
    };
    this.carrier = new Carrier({
      accountSid: ACCOUNT_SID,
      authToken: AUTH_TOKEN,
      resolve: (host) => this.balance(host),
      phoneBook: (number) => (number === CONNECT_NUMBER ? human : undefined),
      disorder: { seed, maxDelayMs: 1500, duplicates: 0.2 },
      clock,
      networkClock: systemClock,
    });
    this.rest = new RestApi(this.carrier);
    this.restUrl = await this.rest.start();
    this.closers.push(() => this.rest.close());
    for (let which = 0; which < (isShared ? 2 : 1); which++) {
      const instance: Instance = { which, running: undefined, tunnels: [], port: 0, isReady: false };
      this.instances.push(instance);
      await this.startInstance(instance);
    }
  }

  /** Resolves a host as a load balancer does: ready gateways in turn, none at times, or the gateway with that host. */
  private balance(host: string): string | undefined {
    if (host === EDGE_HOST) {
      if (this.wasWellSince(this.options.clock.now() - FALLBACK_AFTER_MS)) this.needlessFallbacks++;
      return this.edge.base;
    }
    const alone = this.instances.find(({ which }) => host === streamHost(which));
    if (alone !== undefined) return `http://127.0.0.1:${alone.port}`;
    if (this.unconnected > 0) return undefined;
    const ready = this.instances.filter(({ isReady }) => isReady);
    const port = ready[this.asked++ % ready.length]?.port;
    return port === undefined ? undefined : `http://127.0.0.1:${port}`;
  }

  /** Restarts a gateway as a deploy does: nothing new arrives, calls drain, and the next process takes its place. */
  private async restart(which: number): Promise<void> {
    const instance = this.instances[which];
    if (instance?.running === undefined || this.instances.length < 2) return;
    instance.isReady = false;
    await instance.running.gateway.drain(DRAIN_SECONDS);
    this.noteEnd(false);
    await instance.running.close();
    await this.countLost(instance.running);
    for (const tunnel of instance.tunnels) tunnel.cut();
    await this.startInstance(instance);
  }

  /**
   * Kills a gateway as a crash does: every connection is reset, nothing more is written, and the next process knows nothing of
   * it. The load balancer learns of it late. The rest of the gateway in this process is disposed of behind the cut tunnels.
   */
  private async kill(which: number): Promise<void> {
    const instance = this.instances[which];
    const dead = instance?.running;
    if (instance === undefined || dead === undefined || this.instances.length < 2) return;
    instance.running = undefined;
    this.noteEnd(true);
    for (const tunnel of instance.tunnels) tunnel.cut();
    await dead.close();
    instance.isReady = false;
    await this.countLost(dead);
    await this.startInstance(instance);
  }

  private async startInstance(instance: Instance): Promise<void> {
    const { clock, direct, language, onEvent } = this.options;
    const toGateway = new Tunnel(() => instance.running?.gateway.port ?? 0);
    const toRedis = new Tunnel(() => this.redis?.port ?? 0);
    const toReceiver = new Tunnel(() => this.operator.receiverPort);
    instance.tunnels = [toGateway, toRedis, toReceiver];
    instance.port = await toGateway.open();
    const redisUrl = `redis://127.0.0.1:${await toRedis.open()}`;
    // The two gateways are configured differently, so that a run covers both variants.
    const isFirst = instance.which === 0;
    const order: readonly [Model, Model] = isFirst ? ['openai', 'nova'] : ['nova', 'openai'];
    const config = readConfig({
      PORT: '0',
      HOST: '127.0.0.1',
      PUBLIC_HOST: HOST,
      ...(isFirst ? { STREAM_HOST: streamHost(0) } : {}),
      LOG_LEVEL: 'warn',
      ...(language === 'de' ? { ASSISTANT_PROMPT: GERMAN_PROMPT } : { ASSISTANTS_FILE: ASSISTANTS }),
      MAX_LOOP_DELAY_MS: '0',
      USE_PIPECAT: String(!direct),
      TWILIO_ACCOUNT_SID: ACCOUNT_SID,
      TWILIO_AUTH_TOKEN: AUTH_TOKEN,
      USE_LOCAL_DYNAMODB: 'true',
      DYNAMODB_ENDPOINT_URL: this.storeUrl,
      HANDOVER_TOKEN_PEPPER: PEPPER,
      CONNECT_PHONE_NUMBER: CONNECT_NUMBER,
      ENABLE_HUBSPOT: 'true',
      HUBSPOT_BASE_URL: this.hubspot.url,
      HUBSPOT_ACCESS_TOKEN: HUBSPOT_KEY,
      VOICE_PROVIDER: order[0],
      VOICE_FALLBACK: order[1],
      OPENAI_API_KEY: 'sk-simulated',
      TWILIO_API_URL: this.restUrl,
      ...this.operator.settings(await toReceiver.open()),
      ...(isFirst ? {} : { HANDOVER_MODE: 'rest' }),
      ...(isFirst ? {} : { AFTER_FAILED_DIAL: 'voicemail,no_answer=again,busy=callback' }),
      ...(this.redis === undefined ? {} : { REDIS_URL: redisUrl, JOURNAL_KEY: 'ab'.repeat(32) }),
    });
    const log = createLogger({ level: 'warn', destination: this.log });
    const modelsOf = (number: string): CallModels | undefined => this.models.get(number);
    const provider = (name: Model) => providerOf(name, modelsOf, { clock, log });
    // A gateway starts with a working store. Starts without one are not part of chaos.
    this.store.fault = undefined;
    const running = await startGateway(config, {
      providers: [provider(order[0]), provider(order[1])],
      engine: SENTENCES,
      logDestination: this.log,
      clock,
    });
    // Events of a killed gateway do not count.
    running.gateway.watch((event) => {
      if (instance.running === running) onEvent(event);
    });
    instance.running = running;
    instance.isReady = true;
  }

  private noteLine(line: string): void {
    if (!line.includes('"level":"error"')) return;
    const message = /"msg":"([^"]*)"/.exec(line)?.[1] ?? line.slice(0, 80);
    this.errors.set(message, (this.errors.get(message) ?? 0) + 1);
  }
}
