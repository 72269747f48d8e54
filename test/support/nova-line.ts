import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { PATIENCE_MS } from './deadline.js';
import { FakeClock } from './fake-clock.js';
import { SdkClient, sdkOf } from './nova-sdk-client.js';
import { WireClient, type WireOptions } from './nova-wire-client.js';
import { type NovaSim, type NovaSimOptions, startNovaSim } from '../../sim/nova/nova-sim.js';
import type { SessionRecording } from '../../sim/nova/recording.js';

// For tests of the simulated Nova: connections whose time moves only with their audio.

const STEP_MS = 20;

/** A simulator and its connections, closed when the test is over. */
export class TestSim {
  readonly sim: NovaSim;
  private readonly test: TestContext;

  private constructor(test: TestContext, sim: NovaSim) {
    this.test = test;
    this.sim = sim;
    test.after(() => sim.close());
  }

  static async start(test: TestContext, options: NovaSimOptions = {}): Promise<TestSim> {
    return new TestSim(test, await startNovaSim(options));
  }

  get sessions(): readonly SessionRecording[] {
    return this.sim.sessions;
  }

  /** Connects with the protocol written out by hand. */
  connect(options: WireOptions = {}): WireClient {
    const client = new WireClient(this.sim.url, options);
    this.test.after(() => client.close());
    return client;
  }

  /** Connects with the official SDK. */
  connectSdk(modelId?: string): SdkClient {
    const client = new SdkClient(sdkOf(this.sim.url), modelId);
    this.test.after(() => client.close());
    return client;
  }
}

/** A client of a simulated Nova. Time moves only with the audio that the client sends. */
export class NovaLine {
  readonly clock: FakeClock;
  readonly client: WireClient;
  readonly sim: TestSim;

  private constructor(clock: FakeClock, sim: TestSim) {
    this.clock = clock;
    this.sim = sim;
    this.client = sim.connect();
  }

  static async open(
    test: TestContext,
    options: NovaSimOptions = {},
    begin = (client: WireClient) => client.begin(),
  ): Promise<NovaLine> {
    const clock = new FakeClock();
    const line = new NovaLine(clock, await TestSim.start(test, { clock, ...options }));
    begin(line.client);
    await line.settled();
    return line;
  }

  get session(): SessionRecording {
    const session = this.sim.sessions[0];
    if (session === undefined) throw new Error('There is no session.');
    return session;
  }

  /** Resolves when everything sent has arrived, on both sides. */
  async settled(): Promise<void> {
    await soon(() => this.sim.sessions[0]?.inputs.length === this.client.sent, 'what the client sent');
    await soon(() => this.client.received.length >= this.session.outputs.length, 'what the model sent');
  }

  silence(ms: number): Promise<void> {
    return this.live(ms, () => this.client.silence(STEP_MS));
  }

  speech(ms: number): Promise<void> {
    return this.live(ms, () => this.client.speech(STEP_MS));
  }

  /** Moves time without audio. */
  pass(ms: number): Promise<void> {
    return this.live(ms, () => undefined);
  }

  /** Closes client and simulator now, for a test that checks what is left behind. By default the end of the test does. */
  async close(): Promise<void> {
    this.client.close();
    await this.sim.sim.close();
  }

  private async live(ms: number, frame: () => void): Promise<void> {
    for (let at = 0; at < ms; at += STEP_MS) {
      frame();
      await soon(() => this.session.end !== undefined || this.session.inputs.length === this.client.sent, 'a frame');
      this.clock.advance(STEP_MS);
      // Answers pass through promises before they are sent.
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
    if (this.session.end === undefined) await this.settled();
  }
}

/** Runs `use` with a line, then checks that client and simulator leave no timer behind. */
export async function withLine(
  t: TestContext,
  options: NovaSimOptions,
  use: (line: NovaLine, client: WireClient) => Promise<void>,
  begin?: (client: WireClient) => void,
): Promise<void> {
  const line = await NovaLine.open(t, { replyDelayMs: 100, ...options }, begin);
  await use(line, line.client);
  await line.close();
  assert.equal(line.clock.timers, 0, 'timers left behind');
}

/** Like `until`, but polls without a pause, because the other end of the socket is in this process. */
async function soon(condition: () => boolean, what: string): Promise<void> {
  const startedMs = performance.now();
  while (!condition()) {
    if (performance.now() - startedMs > PATIENCE_MS)
      throw new Error(`Did not happen within ${PATIENCE_MS} ms: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
