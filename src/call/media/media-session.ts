import type { Playback } from '../../twilio/playback.js';
import type { TwilioStream } from '../../twilio/stream.js';
import type { VoiceSession } from '../../voice/session.js';
import type { CallerIdleTimer } from './caller-idle.js';
import type { Conversation } from './conversation.js';
import type { DtmfCollector } from './dtmf-collector.js';
import type { PauseDetector } from './pause-detector.js';
import type { StreamHealth } from './stream-health.js';

/** One open Twilio stream with everything attached to it: playback ledger, conversation and timers. */
export interface MediaSession {
  stream: TwilioStream;
  playback: Playback;
  conversation: Conversation;
  session: VoiceSession;
  health: StreamHealth;
  idle: CallerIdleTimer;
  dtmf: DtmfCollector;
  pauses: PauseDetector;
}
