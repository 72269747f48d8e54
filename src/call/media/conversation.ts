import type { AudioChunk } from '../../audio/chunk.js';
import type { TandemError } from '../../base/errors.js';
import type { Escalation } from '../../escalation/escalation.js';
import type { EscalationWatch } from '../../escalation/watch.js';
import type { Metrics } from '../../telemetry/metrics.js';
import type { Playback } from '../../twilio/playback.js';
import type { History, Turn } from '../../voice/history.js';
import type { ResponseGate } from '../../voice/response-gate.js';
import type { ResponseStatus } from '../../voice/session.js';
import type { ToolFault, ToolRunner } from '../../voice/tools.js';
import type { AssistantWish } from './assistant-tools.js';
import type { PrewarmedSession } from './prewarmed-session.js';
import type { CallerIdleTimer } from './caller-idle.js';
import type { DtmfCollector } from './dtmf-collector.js';
import type { LatencyMeter } from './latency-meter.js';

/**
 * Connects one stream with one voice session. The frame pipeline and the direct bridge both implement it. The same call
 * through either has the same transcript, the same heard audio and the same handover.
 */
export interface Conversation {
  /** Takes over the prewarmed session and delivers its events from here on. */
  begin(): void;
  /** Takes mu-law at 8 kHz. */
  callerAudio(chunk: AudioChunk): void;
  digit(digit: string): void;
  /** Cuts what the caller hears. The model is told nothing. */
  hush(): void;
  /** Speaks a line of the gateway's own without stopping anything. */
  say(text: string, sayId: string): void;
  /** Stops the model, cuts what is playing and speaks `text` as the last words on this stream. */
  leave(text: string, sayId: string): void;
  /** Closes the session and disposes of everything the conversation owns. */
  close(): void;
}

/** What a conversation reports to the call. Called synchronously; must not throw. */
export interface ConversationListener {
  /** A turn is complete. Called again with `interrupted` if it was then cut; its text ends at what the caller heard. */
  onTurn(turn: Readonly<Turn>): void;
  onEscalation(escalation: Escalation): void;
  /** The model has called the tool that ends the call. */
  onEndCall(): void;
  /**
   * Another assistant, or another language, is wanted. `settled` is called once at most: without a refusal when it talks to the caller,
   * and no answer reaches the model that asked, because it is gone.
   */
  onAssistantWish(wish: AssistantWish, settled: (refusal?: string) => void): void;
  onUsage(inputTokens: number, outputTokens: number): void;
  onSign(sign: ConversationSign): void;
  /**
   * A line of {@link Conversation.say} or {@link Conversation.leave} was sent whole, or failed; `status` tells which.
   */
  onSaid(sayId: string, status: ResponseStatus): void;
  /** The voice session has failed or ended. */
  onFailure(error: TandemError): void;
}

/** What an operator may see of a conversation, and nothing depends on. */
export type ConversationSign =
  | { type: 'caller-speaks' | 'caller-stops' | 'barge-in' }
  /** The model has called a tool. `name` is empty if there is no such tool. */
  | { type: 'tool'; name: string; toolCallId: string }
  /** The tool has answered. `fault`: why it failed. */
  | { type: 'tool-done'; toolCallId: string; fault: ToolFault | undefined };

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
