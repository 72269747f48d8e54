import { MULAW_SILENCE } from '../src/audio/chunk.js';
import type { CarrierCall } from '../sim/twilio/carrier-call.js';
import { FRAME_MS } from '../sim/twilio/ticker.js';
import { monotonicMs } from './support/monotonic.js';

/** The times of one call, as the carrier saw them. */
export interface SpokenCall {
  callSid: string;
  streamStartedMs: number;
  /** When the caller heard the first sound of the greeting, in steps of 20 ms. */
  greetedMs: number;
  /** When the last frame of the question was sent. */
  askedMs: number;
  /** When the caller heard the first sound of the answer. */
  answeredMs: number;
}

type Phase = 'ringing' | 'waiting' | 'listening' | 'asking' | 'asked';

/** Silence after which the caller takes the greeting for complete. */
const QUIET_MS = 600;

/** Plays one call: the caller hears the greeting, asks one question, and hangs up when the answer begins. */
export function speak(call: CarrierCall, question: Uint8Array): Promise<SpokenCall> {
  const times = { callSid: call.callSid, streamStartedMs: 0, greetedMs: 0, askedMs: 0, answeredMs: 0 };
  let phase: Phase = 'ringing';
  let quietMs = 0;
  let lastFrameMs = 0;
  return new Promise((resolve, reject) => {
    call.on('stream-started', () => {
      times.streamStartedMs = monotonicMs();
      phase = 'waiting';
    });
    call.on('ended', (reason) => {
      if (times.answeredMs > 0) resolve(times);
      else reject(new Error(`A call ended before its answer: ${reason}.`));
    });
    call.on('heard', (frame) => {
      const nowMs = monotonicMs();
      const isSilent = frame.every((byte) => byte === MULAW_SILENCE);
      switch (phase) {
        case 'waiting':
          if (isSilent) break;
          times.greetedMs = nowMs;
          phase = 'listening';
          break;
        case 'listening':
          quietMs = isSilent ? quietMs + FRAME_MS : 0;
          if (quietMs < QUIET_MS) break;
          call.speak(question);
          phase = 'asking';
          break;
        case 'asking':
          // The end of the question went out with the frame before this one.
          if ((call.mediaStream?.unspokenBytes ?? 0) > 0) break;
          times.askedMs = lastFrameMs;
          phase = 'asked';
          break;
        case 'asked':
          if (isSilent) break;
          times.answeredMs = nowMs;
          call.hangup();
          break;
        case 'ringing':
          break;
      }
      lastFrameMs = nowMs;
    });
  });
}
