import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type OpenAiLiveSimOptions, startOpenAiLiveSim } from '../../sim/openai-live/host.js';
import type { LiveSimSession } from '../../sim/openai-live/session.js';
import { FakeClock } from './fake-clock.js';
import { RealtimeClient, type RealtimeEvent } from './realtime-client.js';

// For tests of the simulated GPT-Live: the simulator on a fake clock, and a bare client whose audio keeps its time.

export const LIVE_PATH = '/v1/live/sessions';
export const TELEPHONE = { type: 'audio/pcmu', rate: 8000 };
const PIECE_MS = 100;
const SILENCE = new Uint8Array(PIECE_MS * 8).fill(0xff);

export class LiveClient extends RealtimeClient {
  private readonly clock: FakeClock;

  constructor(port: number, clock: FakeClock, options: ConstructorParameters<typeof RealtimeClient>[1] = {}) {
    super(port, { path: LIVE_PATH, ...options });
    this.clock = clock;
  }

  /** Starts a session with a telephone's audio. */
  async start(session: object = {}): Promise<this> {
    this.send({ type: 'session.start', session: { model: 'gpt-live-1', audio: { format: TELEPHONE }, ...session } });
    await this.next('session.started');
    return this;
  }

  /** Sends audio of the caller at once. Sound is mu-law. */
  append(mulaw: Uint8Array): void {
    this.send({ type: 'session.input_audio.append', audio: Buffer.from(mulaw).toString('base64') });
  }

  /** Lets time pass while the caller is silent, or speaks. */
  async live(ms: number, mulaw: Uint8Array = new Uint8Array(0)): Promise<void> {
    for (let at = 0; at < ms; at += PIECE_MS) {
      const piece = new Uint8Array(SILENCE);
      piece.set(mulaw.subarray(at * 8, at * 8 + SILENCE.length));
      this.append(piece);
      await this.settled();
      this.clock.advance(PIECE_MS);
    }
    await this.settled();
  }

  /** Lets time pass while the caller is silent, until the connection is over. */
  async liveUntilClosed(): Promise<void> {
    while (this.closed === undefined) {
      this.append(SILENCE);
      await new Promise((resolve) => setTimeout(resolve, 2));
      this.clock.advance(PIECE_MS);
    }
  }

  /** Waits until the server has handled everything sent so far. */
  override async settled(): Promise<void> {
    const before = this.of('session.input_audio.unmuted').length;
    this.send({ type: 'session.input_audio.unmute' });
    await this.next('session.input_audio.unmuted', before + 1);
  }

  /** Returns what a side has said so far. */
  said(side: 'input' | 'output'): string {
    return this.of(`session.${side}_transcript.delta`)
      .map(({ delta }) => String(delta))
      .join('');
  }

  /** Returns the nested events of the backend. */
  backend(type: string): RealtimeEvent[] {
    return this.of('response.event')
      .map(({ event }) => event as RealtimeEvent)
      .filter((event) => event.type === type);
  }

  /** Returns how much of the model's audio has come, in milliseconds. `loud`: without silence. */
  heardMs(which: 'all' | 'loud'): number {
    const pieces = this.of('session.output_audio.delta').map(({ delta }) => Buffer.from(String(delta), 'base64'));
    const counted = which === 'all' ? pieces : pieces.filter((piece) => piece.some((byte) => byte !== 0xff));
    return counted.reduce((sum, { length }) => sum + length / 8, 0);
  }
}

/** Starts the simulator. After the test it is closed, and no timer may be left. */
export async function startLiveSim(t: TestContext, options: OpenAiLiveSimOptions = {}) {
  const clock = new FakeClock();
  const sim = await startOpenAiLiveSim({ clock, ...options });
  t.after(async () => {
    await sim.close();
    assert.equal(clock.timers, 0, 'a timer is left behind');
  });
  return {
    clock,
    sim,
    port: sim.port,
    session: (nth = 0): LiveSimSession => sim.live.sessions[nth] as LiveSimSession,
    client: (clientOptions?: ConstructorParameters<typeof RealtimeClient>[1]) =>
      new LiveClient(sim.port, clock, clientOptions),
  };
}
