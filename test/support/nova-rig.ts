import { pino } from 'pino';
import { type NovaSim, type NovaSimOptions, SIMULATED_CREDENTIALS, startNovaSim } from '../../sim/nova/nova-sim.js';
import type { SessionRecording } from '../../sim/nova/recording.js';
import { AudioChunk } from '../../src/audio/chunk.js';
import { pcmToMulaw } from '../../src/audio/g711.js';
import type { Clock } from '../../src/base/clock.js';
import { type NovaProviderOptions, createNovaProvider } from '../../src/voice/nova/provider.js';
import type { VoiceEvent, VoiceProvider, VoiceSession, VoiceSessionOptions } from '../../src/voice/session.js';
import { LeakWatch } from './leaks.js';
import { until } from './rig.js';
import { scaledClock } from './scaled-clock.js';

// For tests of the Nova provider: the provider and a simulator at ten times real time.

const SPEED = 10;
const FRAME_BYTES = 160;
const FRAME_MS = 20;
const QUIET = new Uint8Array(FRAME_BYTES).fill(0xff);
const tone = (amplitude: number): Uint8Array =>
  pcmToMulaw(Int16Array.from({ length: FRAME_BYTES }, (_, index) => amplitude * Math.sin(index)));

/** A session with the simulated Nova over a real socket, and every event it emitted. */
export class NovaCall {
  readonly session: VoiceSession;
  readonly events: VoiceEvent[] = [];
  onEvent: (event: VoiceEvent) => void = () => undefined;

  constructor(provider: VoiceProvider, options: Partial<VoiceSessionOptions>) {
    this.session = provider.open({
      conversationId: 'c',
      instructions: 'Be kind.',
      greeting: 'Welcome.',
      answersLast: false,
      language: 'en-US',
      tools: [],
      conversation: { turns: [], isPlaying: false },
      listener: (event) => {
        this.events.push(event);
        this.onEvent(event);
      },
      ...options,
    });
  }

  of<T extends VoiceEvent['type']>(type: T): Extract<VoiceEvent, { type: T }>[] {
    return this.events.filter((event): event is Extract<VoiceEvent, { type: T }> => event.type === type);
  }

  /** Returns the types of all events in order. A run of audio counts once. */
  kinds(): string[] {
    const kinds = this.events.map((event) => event.type);
    return kinds.filter((kind, index) => kind !== 'audio' || kinds[index - 1] !== 'audio');
  }

  /** Returns what the model said, response by response. */
  said(): string[] {
    const texts = new Map<string, string>();
    for (const { responseId, text } of this.of('assistant-text')) {
      texts.set(responseId, `${texts.get(responseId) ?? ''} ${text}`.trim());
    }
    return [...texts.values()];
  }

  speak(durationMs: number, amplitude = 6000): void {
    this.frames(tone(amplitude), durationMs);
  }

  pause(durationMs: number): void {
    this.frames(QUIET, durationMs);
  }

  async response(count: number): Promise<void> {
    await until(() => this.of('response-done').length >= count, `response ${count}`);
  }

  async failure(): Promise<string> {
    await until(() => this.of('failed').length > 0, 'the failure');
    return this.of('failed')[0]?.error.code ?? '';
  }

  private frames(bytes: Uint8Array, durationMs: number): void {
    for (let atMs = 0; atMs < durationMs; atMs += FRAME_MS) {
      this.session.sendAudio(AudioChunk.fromBytes('mulaw', 8000, bytes));
    }
  }
}

export interface NovaRig {
  sim: NovaSim;
  provider: VoiceProvider;
  anomalies: string[];
  logged: Record<string, unknown>[];
  open: (options?: Partial<VoiceSessionOptions>) => NovaCall;
  /** Returns what the simulator recorded of session `index`. */
  seen: (index?: number) => SessionRecording;
}

/** Runs `use` with a provider and a simulator, then closes everything and checks for leaks. */
export async function withNova(
  options: { sim?: NovaSimOptions; provider?: Partial<NovaProviderOptions>; clock?: Clock },
  use: (rig: NovaRig) => Promise<void>,
): Promise<void> {
  const clock = options.clock ?? scaledClock(SPEED);
  const sim = await startNovaSim({ clock: scaledClock(SPEED), ...options.sim });
  const anomalies: string[] = [];
  const logged: Record<string, unknown>[] = [];
  const calls: NovaCall[] = [];
  const provider = createNovaProvider({
    region: 'us-east-1',
    modelId: 'amazon.nova-2-sonic-v1:0',
    voice: 'matthew',
    endpointingSensitivity: 'HIGH',
    renewAfterMs: 360_000,
    log: pino({ level: 'trace' }, { write: (line) => void logged.push(JSON.parse(line) as Record<string, unknown>) }),
    clock,
    onAnomaly: (kind) => void anomalies.push(kind),
    endpointUrl: sim.url,
    credentials: SIMULATED_CREDENTIALS,
    ...options.provider,
  });
  try {
    await use({
      sim,
      provider,
      anomalies,
      logged,
      open: (sessionOptions = {}) => {
        const call = new NovaCall(provider, sessionOptions);
        calls.push(call);
        return call;
      },
      seen: (index = 0) => {
        const recording = sim.sessions[index];
        if (recording === undefined) throw new Error(`There is no session ${index}.`);
        return recording;
      },
    });
  } finally {
    await provider.close();
    await sim.close();
    const leaks = new LeakWatch();
    leaks.secret(SIMULATED_CREDENTIALS.secretAccessKey);
    for (const { events } of calls) leaks.heard(events);
    leaks.wrote('the log', logged.map((line) => JSON.stringify(line)).join('\n'));
    leaks.check();
  }
}

/** Whether an input of a session begins a text that Nova answers. */
export function isTypedText({ body, name }: { name: string; body: Readonly<Record<string, unknown>> }): boolean {
  return name === 'contentStart' && body['type'] === 'TEXT' && body['interactive'] === true;
}
