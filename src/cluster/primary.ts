import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Clock } from '../base/clock.js';
import type { Config } from '../config/config.js';
import { hostInUrl } from '../base/host-in-url.js';
import { OwnPhonePages } from '../console/own-phone-pages.js';
import type { OpenPhones, PhonePages } from '../console/phones.js';
import { startEmbeddedDynamoDb } from '../handover/embedded-dynamodb.js';
import { LOCAL_MODE_PEPPER } from '../handover/token.js';
import { MemoryBackend } from '../journal/memory-backend.js';
import { drawKey } from '../journal/seal.js';
import { EmfWriter } from '../telemetry/emf.js';
import type { Figures } from '../telemetry/figures.js';
import type { Logger } from '../telemetry/log.js';
import { CallTable } from './call-table.js';
import { ConsoleSwitch } from './console-switch.js';
import { ClusterMetrics } from './cluster-metrics.js';
import type { Answers } from './link.js';
import { stopReading, takeRequest } from './pass-socket.js';
import type { PassedUpgrade, PassedWebhook, Place, ToPrimary, WebhookAnswer } from './protocol.js';
import { type WorkerEnd, WorkerProcess } from './worker-process.js';

export interface PrimaryOptions {
  config: Config;
  workers: number;
  log: Logger;
  clock: Clock;
  /** Starts a process that runs a worker and has a channel to this one. */
  fork: () => ChildProcess;
  /** Opens the softphone and the agent's desk. Called only if the carrier is simulated and the store embedded. */
  openPhones: OpenPhones;
  /** Called when an operator stops the cluster from a worker's console. */
  onStopAsked: () => void;
  /** Writes a line to standard output. */
  write: (line: string) => void;
  /** Called when no worker is left and none will be started again. */
  onGivenUp: () => void;
}

/**
 * Maximum wait for the worker that has the call. Twilio repeats a request after 5 s (`CONNECTION_OVERRIDES`), and the
 * worker that received it needs time to answer by itself.
 */
const PASS_MS = 4000;
const METRICS_MS = 2000;

type Phase = { name: 'starting' | 'running' } | { name: 'restarting' } | { name: 'stopping'; onStopped: () => void };

/**
 * Starts the workers, restarts them when they die, and knows which worker has which call. It takes no calls and sees no
 * audio, but it has the softphone and the agent's desk where no caller can be real. It passes on requests that reached another
 * worker than the call's. It keeps a journal of all calls in its memory, so that the death of a worker loses none.
 */
export class Primary {
  private readonly options: PrimaryOptions;
  private readonly workers: readonly WorkerProcess[];
  private readonly calls: CallTable;
  private readonly journal: MemoryBackend;
  private readonly journalKey = drawKey().export().toString('base64');
  private readonly metrics = new ClusterMetrics();
  private readonly consoles = new ConsoleSwitch(() => this.workers);
  private readonly closers: (() => Promise<void>)[] = [];
  /** Called at the next change of a worker. */
  private readonly watchers = new Set<() => void>();
  /** Of workers that have ended, until they are reported. */
  private readonly lastFigures = new Map<string, Figures>();
  private stopped: Promise<void> | undefined;
  /** In this process, so that a call on the softphone outlives its worker. `undefined` if there are none. */
  private phones: PhonePages | undefined;
  private storeUrl: string | undefined;
  private phase: Phase = { name: 'starting' };
  private port = 0;

  constructor(options: PrimaryOptions) {
    const { clock, fork, workers } = options;
    this.options = options;
    this.calls = new CallTable(clock);
    this.journal = new MemoryBackend(clock);
    this.workers = Array.from(
      { length: workers },
      (_, index) =>
        new WorkerProcess({
          name: String(index + 1),
          clock,
          fork,
          answers: (worker) => this.answersTo(worker, index),
          onUp: (worker) => this.onUp(worker),
          onEnd: (worker, end, pauseMs) => this.onEnd(worker, end, pauseMs),
        }),
    );
  }

  /** Resolves to the port when all workers listen, or to `undefined` if one could not start and has logged why. */
  async start(): Promise<number | undefined> {
    const { embedded, endpointUrl } = this.options.config.handover;
    if (embedded && endpointUrl === undefined) {
      const store = await startEmbeddedDynamoDb({});
      this.closers.push(() => store.close());
      this.storeUrl = store.endpointUrl;
      await this.openPhones(store.endpointUrl);
    }
    for (const worker of this.workers) worker.start();
    await this.until(() => this.phase.name === 'stopping' || this.workers.every((worker) => worker.isAccepting));
    if (this.phase.name === 'stopping') return undefined;
    this.phase = { name: 'running' };
    this.openEmf();
    this.options.log.info({ port: this.port, workers: this.workers.length }, 'all workers listen');
    return this.port;
  }

  get activeCalls(): number {
    return this.calls.size;
  }

  /**
   * Lets all workers finish their calls. Resolves when the last worker has ended. After a fault a primary that stops already is
   * told again, with less time.
   */
  stop(drainSeconds: number): Promise<void> {
    this.stopped ??= this.untilStopped();
    // The journal in this process ends with it. Only a configured one lets other instances take calls over.
    const canMove = this.options.config.journal !== undefined;
    for (const worker of this.workers) worker.drain({ seconds: drainSeconds, canMove });
    this.onChange();
    return this.stopped;
  }

  private async untilStopped(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.phase = { name: 'stopping', onStopped: resolve };
    });
    for (const close of this.closers.reverse()) await close();
  }

  /** Restarts one worker after the other. Each finishes its calls or leaves them to the others. */
  async restart(): Promise<void> {
    const { log } = this.options;
    if (this.phase.name !== 'running' || this.workers.length < 2) {
      log.warn({ phase: this.phase.name }, 'a restart needs at least two workers and no other restart in progress');
      return;
    }
    this.phase = { name: 'restarting' };
    for (const worker of this.workers) {
      const { pid } = worker;
      worker.drain({ seconds: this.options.config.drainSeconds, canMove: true });
      await this.until(() => this.phase.name === 'stopping' || (worker.isAccepting && worker.pid !== pid));
      if (this.phase.name !== 'restarting') return;
    }
    this.phase = { name: 'running' };
    log.info('all workers have been restarted');
  }

  private answersTo(worker: WorkerProcess, index: number): Answers<ToPrimary> {
    return {
      hello: (): Place => ({
        name: worker.name,
        index,
        workers: this.workers.length,
        storeUrl: this.storeUrl,
        journalKey: this.journalKey,
        hasPhones: this.phones !== undefined,
      }),
      listening: ({ port }) => {
        this.port = port;
        worker.listens();
      },
      webhook: (webhook) => this.onWebhook(webhook, worker),
      upgrade: (upgrade, socket) => this.onUpgrade(upgrade, socket, worker),
      'call-started': (callSid) => this.calls.started(callSid, worker.name),
      'call-moving': (callSid) => this.calls.forget(callSid, worker.name),
      'call-ended': (callSid) => this.calls.ended(callSid, worker.name),
      'phone-page': (passed, socket) => {
        if (socket !== undefined) this.phones?.take(passed.page, takeRequest(passed, socket), socket, passed.head);
      },
      'call-state': ({ callSid, state }) => this.phones?.onCallState(callSid, state),
      'make-busy': (callSid) => this.phones?.makeBusy(callSid) ?? false,
      'phone-account': () => this.phones?.account?.(),
      readiness: () => {
        const ready = this.workers.filter(({ isAccepting }) => isAccepting).length;
        const isReady = ready > 0 && this.phase.name !== 'stopping';
        return { status: isReady ? 'ready' : 'draining', isReady, calls: this.activeCalls, workers: ready };
      },
      metrics: () => this.metricsText(),
      'last-figures': (figures) => {
        this.lastFigures.set(worker.name, figures);
      },
      'console-watch': ({ opened }) => this.consoles.watch(worker.name, opened),
      'console-update': (update) => this.consoles.update(worker.name, update),
      'console-wrong-token': (wrong) => this.consoles.wrongToken(worker.name, wrong),
      'console-ask': (asked) => this.consoles.ask(worker.name, asked),
      'console-stop': () => this.options.onStopAsked(),
      'journal-write': (write) => this.journal.write(write),
      'journal-claim': ({ callSid, owner }) => this.journal.claim(callSid, owner),
      'journal-read': ({ callSid }) => this.journal.read(callSid),
    };
  }

  private async openPhones(storeUrl: string): Promise<void> {
    const { config, openPhones } = this.options;
    const { connectPhoneNumber, pepper = LOCAL_MODE_PEPPER, tableName } = config.handover;
    if (!config.isCarrierSimulated) return;
    const phones = await openPhones({
      publicHost: () => config.publicHost ?? `localhost:${this.port}`,
      origin: () => `http://${hostInUrl(config.host)}:${this.port}`,
      store: { dynamodb_endpoint: storeUrl, table: tableName },
      pepper,
      connectPhoneNumber,
      onAgentStep: (callSid, step) => {
        this.workerNamed(this.calls.find(callSid))?.link?.tell('agent-step', { callSid, step });
      },
      onContactStep: (callSid, step) => {
        this.workerNamed(this.calls.find(callSid))?.link?.tell('contact-step', { callSid, step });
      },
    });
    this.phones = new OwnPhonePages(phones);
    this.closers.push(async () => this.phones?.close());
  }

  private async onWebhook(webhook: PassedWebhook, asker: WorkerProcess): Promise<WebhookAnswer> {
    const { callSid, hasRoom } = webhook;
    const known = this.workerNamed(this.calls.find(callSid));
    const isNew = known?.link === undefined;
    for (const worker of isNew ? this.candidates(asker, hasRoom) : [known]) {
      if (isNew) this.calls.assign(callSid, worker.name);
      const answer = await this.passTo(worker, webhook, asker, isNew);
      if (answer !== 'declined') return answer;
    }
    // No worker has room, so the one that received the request tells the caller.
    this.calls.assign(callSid, asker.name);
    return { by: 'asker' };
  }

  /**
   * Returns the workers that may take a new call, fewest calls first. The asker is one of them only if it has room, and
   * comes first among equals.
   */
  private candidates(asker: WorkerProcess, hasRoom: boolean): WorkerProcess[] {
    const asked = [...(hasRoom ? [asker] : []), ...this.workers.filter((worker) => worker !== asker)];
    const accepting = asked.filter(({ isAccepting }) => isAccepting);
    const names = this.calls.byCalls(accepting.map(({ name }) => name));
    return names.map((name) => this.workerNamed(name)).filter((worker) => worker !== undefined);
  }

  /** Asks `worker` to answer the webhook. */
  private async passTo(
    worker: WorkerProcess,
    { form, link, path }: PassedWebhook,
    asker: WorkerProcess,
    mayDecline: boolean,
  ): Promise<WebhookAnswer | 'declined'> {
    if (worker === asker || worker.link === undefined) return { by: 'asker' };
    try {
      const given = await worker.link.ask('webhook', { path, form, link, mayDecline }, PASS_MS);
      if (given.declined) return 'declined';
      this.metrics.passed.inc({ kind: 'webhook' });
      return { by: 'peer', twiml: given.twiml };
    } catch {
      // The worker died meanwhile. What it knew of the call is in the journal.
      return { by: 'asker' };
    }
  }

  private onUpgrade(upgrade: PassedUpgrade, socket: Socket | undefined, asker: WorkerProcess): void {
    if (socket === undefined) return;
    stopReading(socket);
    socket.on('error', () => socket.destroy());
    // The worker that announced the stream may have died since. Any other worker finds the call in the journal.
    const { link } = [this.workerNamed(upgrade.worker), asker].find((worker) => worker?.link !== undefined) ?? asker;
    if (link === undefined) {
      socket.destroy();
      return;
    }
    this.metrics.passed.inc({ kind: 'stream' });
    link.tell('upgrade', upgrade, socket, () => socket.destroy());
  }

  private workerNamed(name: string | undefined): WorkerProcess | undefined {
    return this.workers.find((worker) => worker.name === name);
  }

  private async metricsText(): Promise<string> {
    const links = this.workers.map(({ link }) => link).filter((link) => link !== undefined);
    const answers = await Promise.allSettled(links.map((link) => link.ask('metrics', undefined, METRICS_MS)));
    this.metrics.workers.set(this.workers.filter(({ isAccepting }) => isAccepting).length);
    return this.metrics.text(answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : [])));
  }

  private openEmf(): void {
    const { clock, config, write } = this.options;
    if (config.emf === undefined) return;
    const writer = new EmfWriter({ ...config.emf, clock, read: () => this.readFigures(), write });
    writer.start();
    this.closers.push(() => writer.close());
  }

  private async readFigures(): Promise<ReadonlyMap<string, Figures>> {
    const read = new Map(this.lastFigures);
    this.lastFigures.clear();
    await Promise.allSettled(
      this.workers.map(async ({ link, name }) => {
        const figures = await link?.ask('figures', undefined, METRICS_MS);
        if (figures !== undefined) read.set(name, figures);
      }),
    );
    return read;
  }

  private onUp(worker: WorkerProcess): void {
    this.options.log.info({ worker: worker.name, pid: worker.pid }, 'a worker listens');
    this.consoles.up(worker.name);
    this.onChange();
  }

  private onEnd(worker: WorkerProcess, end: WorkerEnd, pauseMs: number | undefined): void {
    const { log, onGivenUp } = this.options;
    const calls = this.calls.forgetWorker(worker.name);
    this.consoles.gone(worker.name);
    if (end !== 'stopped') {
      this.metrics.deaths.inc();
      log.error({ worker: worker.name, end, calls, pause_ms: pauseMs }, 'a worker has died; it is started again');
    }
    // A worker that fails at the first start needs the operator, so the start is given up.
    if (this.phase.name === 'starting' && end === 'failed') void this.stop(this.options.config.drainSeconds);
    else if (this.phase.name === 'stopping') worker.drain({ seconds: 0, canMove: false });
    else if (end === 'stopped') worker.start();
    else if (!this.workers.some(({ isAlive }) => isAlive)) onGivenUp();
    this.onChange();
  }

  private onChange(): void {
    for (const watcher of this.watchers) watcher();
    if (this.phase.name === 'stopping' && !this.workers.some(({ isAlive }) => isAlive)) this.phase.onStopped();
  }

  private async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          this.watchers.delete(done);
          resolve();
        };
        this.watchers.add(done);
      });
    }
  }
}
