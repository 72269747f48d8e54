import type { TandemError } from '../../base/errors.js';
import type { Escalation } from '../../escalation/escalation.js';
import type { EscalationWatch } from '../../escalation/watch.js';
import type { Metrics } from '../../telemetry/metrics.js';
import type { Playback } from '../../twilio/playback.js';
import type { History, Turn } from '../../voice/history.js';
import type { ResponseGate } from '../../voice/response-gate.js';
import type { ResponseStatus } from '../../voice/session.js';
import type { ToolRunner } from '../../voice/tools.js';
import type { PrewarmedSession } from './prewarmed-session.js';
import type { CallerIdleTimer } from './caller-idle.js';
import type { DtmfCollector } from './dtmf-collector.js';
import type { LatencyMeter } from './latency-meter.js';

/**
 * One stream joined with one voice session. There are two: the frame pipeline and the direct bridge. The same call
 * through both gives the same transcript, the same heard audio and the same handover.
 */
export interface Conversation {
  /** Takes the session over: from here on it is heard. */
  begin(): void;
  /** `payload`: base64 of raw mu-law at 8 kHz. */
  callerAudio(payload: string): void;
  digit(digit: string): void;
  /** A line of the gateway's own, without stopping anything. */
  say(text: string, sayId: string): void;
  /** The model stops, what is playing is cut, and only `text` is spoken from here on. */
  leave(text: string, sayId: string): void;
  /** Closes the session and disposes of everything the conversation owns. */
  close(): void;
}

/** What a conversation tells the call. Called synchronously; must not throw. */
export interface ConversationListener {
  /** A turn is complete, or an earlier one was cut at what was heard (`interrupted`). */
  onTurn(turn: Readonly<Turn>): void;
  onEscalation(escalation: Escalation): void;
  /** The model wants to end the call. */
  onEndCall(): void;
  /** The model has used tokens. */
  onUsage(inputTokens: number, outputTokens: number): void;
  /** The line asked for with {@link Conversation.leave} or {@link Conversation.say} has been sent whole, or could not be. */
  onSaid(sayId: string, status: ResponseStatus): void;
  /** The voice session is gone. */
  onFailure(error: TandemError): void;
}

/** The parts both kinds of conversation are made of. */
export interface ConversationParts {
  prewarmed: PrewarmedSession;
  playback: Playback;
  history: History;
  gate: ResponseGate;
  escalationWatch: EscalationWatch;
  dtmf: DtmfCollector;
  tools: ToolRunner;
  idle: CallerIdleTimer;
  meter: LatencyMeter;
  metrics: Metrics;
  listener: ConversationListener;
}
