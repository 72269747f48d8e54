import { AudioChunk } from '../../src/audio/chunk.js';
import type { LiveAnomaly } from '../../src/voice/openai-live/anomalies.js';
import { type OpenAiLiveProviderOptions, createOpenAiLiveProvider } from '../../src/voice/openai-live/provider.js';
import type { VoiceSession } from '../../src/voice/session.js';
import type { FakeClock } from './fake-clock.js';
import { type OpenReady, type ServiceRig, withService } from './played-service.js';

// For tests of the provider of GPT-Live, with a service that the test plays.

const FRAME_MS = 20;

export interface LiveRig extends ServiceRig {
  anomalies: LiveAnomaly[];
  ready: OpenReady;
}

/** Runs `test`, which plays the service, then closes everything and checks for leaks. */
export function withLive(
  test: (rig: LiveRig) => Promise<void>,
  options: Partial<OpenAiLiveProviderOptions> = {},
): Promise<void> {
  const anomalies: LiveAnomaly[] = [];
  return withService(
    (parts) =>
      createOpenAiLiveProvider({
        ...parts,
        model: 'gpt-live-1',
        backendModel: 'gpt-5.6-luna',
        voice: 'marin',
        renewAfterMs: 6_600_000,
        onAnomaly: (kind) => anomalies.push(kind),
        ...options,
      }),
    (rig) => {
      const { open, recorder, service } = rig;
      service.isSilent = true;
      const ready: OpenReady = async (change) => {
        const session = open(change);
        const connection = await service.connected();
        await connection.next('session.start');
        connection.send(sessionStarted());
        await recorder.nth('ready');
        return { session, connection };
      };
      return test({ ...rig, anomalies, ready });
    },
  );
}

export function sessionStarted(session: object = {}): { type: string } {
  const audio = { format: { type: 'audio/pcmu', rate: 8000 }, output: { voice: 'marin' } };
  const event = { type: 'session.started', session: { id: 'live_1', status: 'active', audio, ...session } };
  return event;
}

/** Mu-law that is loud. */
const LOUD = 0x10;
const QUIET = 0xff;

/** A piece of the model's stream. */
export function modelAudio(kind: 'loud' | 'quiet', ms = 100): { type: string; delta: string } {
  const delta = Buffer.alloc(ms * 8, kind === 'loud' ? LOUD : QUIET).toString('base64');
  return { type: 'session.output_audio.delta', delta };
}

export function words(side: 'input' | 'output', delta: string, startMs: number, endMs = startMs + 200) {
  return { type: `session.${side}_transcript.delta`, delta, start_ms: startMs, end_ms: endMs };
}

/** An event of the backend in its envelope. */
export function backendEvent(event: { type: string } & Record<string, unknown>, delegationId: string | null = 'del_1') {
  return { type: 'response.event', delegation_id: delegationId, event };
}

export function functionCall(callId: string, name: string, args = '{}') {
  const item = { type: 'function_call', status: 'completed', call_id: callId, name, arguments: args };
  return backendEvent({ type: 'response.output_item.done', item });
}

/** Sends audio of the caller's line, frame by frame, while time passes. */
export function callerLine(session: VoiceSession, clock: FakeClock, kind: 'loud' | 'quiet', ms: number): void {
  for (let at = 0; at < ms; at += FRAME_MS) {
    const bytes = new Uint8Array(FRAME_MS * 8).fill(kind === 'loud' ? LOUD : QUIET);
    session.sendAudio(AudioChunk.fromBytes('mulaw', 8000, bytes));
    clock.advance(FRAME_MS);
  }
}
