import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CallEvent } from '../../../src/call/call-events.js';
import { OwnPhonePages } from '../../../src/console/own-phone-pages.js';
import { OperatorConsole } from '../../../src/console/operator-console.js';
import type { ActionResult, ContactStep, Fault } from '../../../src/console/messages.js';
import type { ScrubTape } from '../../../src/console/scrubbed-tapes.js';
import type { Tapes } from '../../../src/console/tapes.js';
import { createLogger } from '../../../src/telemetry/log.js';
import { Metrics } from '../../../src/telemetry/metrics.js';
import { FakeClock } from '../../support/fake-clock.js';
import { StagedPhones } from './staged-phones.js';

/** What an operator asked for. */
export interface Operated {
  callSid: string;
  action: string;
  reason?: string;
}

const TICK_MS = 20;

/**
 * The real console with its real pages, over calls that a test makes up: hundreds at a time, and things that seldom happen.
 * Its clock moves by hand until {@link StagedConsole.letTimePass}.
 */
export class StagedConsole {
  readonly base: string;
  readonly clock: FakeClock;
  readonly operated: Operated[] = [];
  /** The softphones and desks, if the console has any. */
  readonly phones: StagedPhones;
  /** What the gateway says to an action of the operator. */
  result: ActionResult = 'accepted';
  /** How often the operator has drained the gateway. */
  drains = 0;
  private readonly console: OperatorConsole;
  private readonly server: Server;
  private ticking: ReturnType<typeof setInterval> | undefined;

  private constructor(console: OperatorConsole, server: Server, clock: FakeClock, phones: StagedPhones) {
    this.console = console;
    this.phones = phones;
    this.server = server;
    this.clock = clock;
    this.base = `http://localhost:${(server.address() as AddressInfo).port}`;
  }

  /**
   * `port`: by default any. `startsAt`: the time on the gateway's clock, in milliseconds since the epoch. `hasPhones`: whether
   * there are a softphone and a desk. `hosts`: more names by which it may be asked with a token.
   */
  static async start({
    showsTranscripts = true,
    port = 0,
    startsAt = Date.UTC(2026, 10, 30, 9, 41),
    token,
    hasPhones = false,
    hosts = [],
    faults = [],
    tapes,
    scrubTape,
    outbound = false,
  }: {
    showsTranscripts?: boolean;
    port?: number;
    startsAt?: number;
    token?: string;
    hasPhones?: boolean;
    hosts?: readonly string[];
    faults?: readonly Fault[];
    tapes?: Tapes;
    scrubTape?: ScrubTape;
    /** Whether the gateway makes calls. */
    outbound?: boolean;
  } = {}): Promise<StagedConsole> {
    const clock = new FakeClock(startsAt);
    const phones = new StagedPhones();
    let staged: StagedConsole | undefined;
    const console = new OperatorConsole({
      token,
      hosts: () => hosts,
      instance: () => 'gw1',
      others: undefined,
      faults,
      outbound,
      tapes,
      scrubTape,
      showsTranscripts,
      phones: hasPhones ? new OwnPhonePages(phones) : undefined,
      operate: (callSid, operation) => {
        staged?.operated.push({ callSid, ...operation });
        return staged?.result ?? 'unknown';
      },
      stop: () => {
        if (staged !== undefined) staged.drains++;
      },
      clock,
      log: createLogger({ level: 'silent', destination: { write: () => undefined } }),
      metrics: new Metrics(),
    });
    const server = createServer((request, response) => {
      void console.onRequest((request.url ?? '').split('?')[0] ?? '', request, response);
    });
    server.on('upgrade', (request, socket, head) => {
      console.onUpgrade((request.url ?? '').split('?')[0] ?? '', request, socket, head);
    });
    await new Promise<void>((resolve) => server.listen(port, 'localhost', resolve));
    staged = new StagedConsole(console, server, clock, phones);
    return staged;
  }

  /** Runs `body` with a console, and closes it. */
  static async with(
    body: (console: StagedConsole) => Promise<void>,
    options: Parameters<typeof StagedConsole.start>[0] = {},
  ): Promise<void> {
    const console = await StagedConsole.start(options);
    try {
      await body(console);
    } finally {
      await console.close();
    }
  }

  /** Something happens on a call. */
  emit(...events: CallEvent[]): void {
    for (const event of events) this.console.onCallEvent(event);
  }

  /** A line is written to a call's log. */
  log(callSid: string, level: string, msg: string): void {
    this.console.onCallLine({ callSid, level, msg });
  }

  /** Something happens to the contact in the simulated Connect. */
  contact(callSid: string, step: ContactStep): void {
    this.console.onContactStep(callSid, step);
  }

  /** Something happens at the agent's desk. */
  desk(callSid: string, step: string): void {
    this.console.onAgentStep(callSid, step);
  }

  /** Lets the clock run with the real time from now on. */
  letTimePass(): void {
    let lastMs = performance.now();
    this.ticking ??= setInterval(() => {
      const nowMs = performance.now();
      this.clock.advance(nowMs - lastMs);
      lastMs = nowMs;
    }, TICK_MS);
  }

  /** Breaks every connection and refuses new ones, as a gateway does whose process is killed. */
  async vanish(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.console.close();
    this.server.closeAllConnections();
    await closed;
  }

  sayGoodbye(): void {
    this.console.drain();
  }

  async close(): Promise<void> {
    clearInterval(this.ticking);
    await this.phones.close();
    if (this.server.listening) await this.vanish();
  }
}
