import { AudioChunk } from '../../src/audio/chunk.js';
import { pcmToMulaw } from '../../src/audio/g711.js';
import { TandemError } from '../../src/base/errors.js';
import { ContinuousProvider } from '../../src/voice/continuity/provider.js';
import type { Turn } from '../../src/voice/history.js';
import type { SessionChange, VoiceEvent, VoiceSession, VoiceSessionOptions } from '../../src/voice/session.js';
import { FakeClock } from './fake-clock.js';
import type { ScriptedProvider, ScriptedSession } from './scripted-provider.js';

// For tests of reconnecting, renewal and failover: a continuous session over scripted ones.

export const lines = { takenOver: 'Sorry, I lost you.', oneMoment: 'One moment.' };
export const gone = (
  code: 'VOICE_UNREACHABLE' | 'VOICE_REFUSED' | 'VOICE_THROTTLED' = 'VOICE_UNREACHABLE',
): VoiceEvent => ({
  type: 'failed',
  error: new TandemError(code, 'Gone.'),
});
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
export const frame = (value: number): AudioChunk =>
  AudioChunk.fromBytes('mulaw', 8000, new Uint8Array(160).fill(value));
/** A session that does nothing by itself. */
export const silent = (): void => undefined;
export const greets = (session: ScriptedSession): void => {
  if (session.options.greeting !== undefined) session.speak(session.options.greeting, 200);
};

/** Returns 20 ms of a tone. */
function loud(level: number): AudioChunk {
  const pcm = Int16Array.from({ length: 160 }, (_, n) => level * Math.sin(n * 0.35));
  return AudioChunk.fromBase64('mulaw', 8000, Buffer.from(pcmToMulaw(pcm)).toString('base64'));
}

/** A provider over scripted ones, with time moved by hand. */
export interface ContinuityRig {
  clock: FakeClock;
  session: VoiceSession;
  events: VoiceEvent[];
  turns: Turn[];
  /** Losses, renewals and failovers, in order. */
  log: string[];
  /** What the owner is told of the sessions, in order. */
  changes: SessionChange[];
  playing: { value: boolean };
  /** The types of all events so far. */
  kinds: () => string[];
  texts: () => string[];
  open: () => VoiceSession;
  /** Sends caller audio frame by frame while time moves by `ms`. Level 0 is silence. */
  line: (level: number, ms: number) => Promise<void>;
}

export function rigOf(
  providers: [ScriptedProvider, ...ScriptedProvider[]],
  speakLine: () => Promise<Uint8Array | undefined> = () => Promise.resolve(undefined),
  begins: Pick<VoiceSessionOptions, 'callerWaitsMs' | 'greeting'> = { greeting: 'Hello.' },
): ContinuityRig {
  const clock = new FakeClock();
  const events: VoiceEvent[] = [];
  const log: string[] = [];
  const changes: SessionChange[] = [];
  const turns: Turn[] = [];
  const playing = { value: false };
  const provider = new ContinuousProvider({
    providers,
    clock,
    lines,
    speakLine,
    report: {
      onLost: (name, { code }) => log.push(`lost ${name} ${code}`),
      onRenewed: (name) => log.push(`renewed ${name}`),
      onFailover: (from, to) => log.push(`${from} to ${to}`),
    },
  });
  const open = (): VoiceSession =>
    provider.open({
      conversationId: 'c',
      instructions: '',
      ...begins,
      answersLast: false,
      language: 'en-US',
      tools: [],
      conversation: {
        turns,
        get isPlaying() {
          return playing.value;
        },
      },
      onChange: (change) => changes.push(change),
      listener: (event) => {
        events.push(event);
        // The owner of a session does the same: it makes a turn of what is said.
        if (event.type === 'caller-text' && event.final)
          turns.push({ ...event, speaker: 'caller', interrupted: false });
        if (event.type === 'assistant-text') turns.push({ ...event, speaker: 'assistant', interrupted: false });
      },
    });
  const session = open();
  const line = async (level: number, ms: number): Promise<void> => {
    for (let at = 0; at < ms; at += 20) {
      session.sendAudio(loud(level));
      clock.advance(20);
      if (at % 200 === 0) await settle();
    }
  };
  return {
    clock,
    events,
    changes,
    log,
    turns,
    playing,
    session,
    kinds: () => events.map(({ type }) => type),
    texts: () => events.flatMap((event) => (event.type === 'assistant-text' ? [event.text] : [])),
    open,
    line,
  };
}
