import type { Clock } from '../../base/clock.js';
import type { EscalationWatch } from '../../escalation/watch.js';
import type { Metrics } from '../../telemetry/metrics.js';
import type { ItemAsPlayed } from '../../twilio/items-as-played.js';
import { Playback } from '../../twilio/playback.js';
import type { TwilioStream } from '../../twilio/stream.js';
import type { History } from '../../voice/history.js';
import { ResponseGate } from '../../voice/response-gate.js';
import type { ToolRunner } from '../../voice/tools.js';
import { PauseDetector } from './pause-detector.js';
import { DirectBridge } from './direct-bridge.js';
import type { MediaSession } from './media-session.js';
import type { ConversationListener, ConversationParts } from './conversation.js';
import type { PrewarmedSession } from './prewarmed-session.js';
import { CallerIdleTimer } from './caller-idle.js';
import { DtmfCollector } from './dtmf-collector.js';
import { type StreamFault, StreamHealth } from './stream-health.js';
import { type Answered, LatencyMeter } from './latency-meter.js';
import type { OwnStages } from './own-processors.js';
import { PipelineConversation } from './pipeline-conversation.js';

export interface MediaSessionOptions {
  stream: TwilioStream;
  prewarmed: PrewarmedSession;
  /** The next three belong to the call and outlive the stream. */
  history: History;
  escalationWatch: EscalationWatch;
  tools: ToolRunner;
  listener: ConversationListener;
  /** Called with the number of times in a row the caller was found silent. */
  onIdle: (times: number) => void;
  /** Called when a silent caller speaks again or presses a key. */
  onCallerBack: () => void;
  /** Called every second while the stream is healthy. */
  onLook: () => void;
  /** Called before an open stream that carries nothing is closed. */
  onFault: (fault: StreamFault) => void;
  onProcessorError: (processor: string, error: unknown) => void;
  /** The processors of extensions. Empty for the direct bridge. */
  own: OwnStages;
  /** Called when Twilio returns a mark that was never sent. */
  onUnknownMark: () => void;
  /** Told what is heard, and how long the caller waited for it. */
  signs: MediaSigns;
  services: { clock: Clock; metrics: Metrics; providerName: string; idleMs: number; pipeline: boolean };
}

/** What a stream reports for an operator's eyes. */
export interface MediaSigns {
  onSoundBegan(): void;
  onSoundEnded(agoMs: number): void;
  onItem(item: ItemAsPlayed): void;
  onAnswered(answered: Answered): void;
}

/** Attaches a playback ledger, a conversation and their timers to a stream. */
export function openMediaSession(options: MediaSessionOptions): { media: MediaSession; meter: LatencyMeter } {
  const { prewarmed, history, listener, onCallerBack, onFault, onIdle, onLook, onProcessorError, onUnknownMark } =
    options;
  const { services, signs, stream, tools, escalationWatch } = options;
  const { clock, idleMs, metrics, pipeline, providerName } = services;
  const idle = new CallerIdleTimer({
    clock,
    afterMs: idleMs,
    waitsMs: () => prewarmed.session.callerWaitsMs ?? 0,
    onIdle,
    onBack: onCallerBack,
  });
  const meter = new LatencyMeter({
    clock,
    metrics,
    provider: () => prewarmed.session.speaker ?? providerName,
    quietLineMs: () => prewarmed.session.quietLineMs ?? 0,
    onAnswered: (answered) => signs.onAnswered(answered),
  });
  const playback = new Playback({
    sink: stream,
    clock,
    onBegin: () => signs.onSoundBegan(),
    onIdle: (endedAgoMs) => {
      idle.playoutEnded();
      signs.onSoundEnded(endedAgoMs);
    },
    onItem: (item) => signs.onItem(item),
    onUnknownMark,
  });
  const dtmf = new DtmfCollector({ clock, escalationWatch });
  const parts: ConversationParts = {
    prewarmed,
    playback,
    history,
    gate: new ResponseGate(),
    escalationWatch,
    dtmf,
    tools,
    idle,
    meter,
    metrics,
    listener,
  };
  const health = new StreamHealth({
    clock,
    overdueMs: () => playback.markOverdueMs,
    onLook: () => {
      playback.endStalled();
      onLook();
    },
    onFault: (fault) => {
      metrics.streamFaults.inc({ fault });
      onFault(fault);
      stream.break();
    },
  });
  const conversation = pipeline
    ? new PipelineConversation(parts, options.own, onProcessorError)
    : new DirectBridge(parts, onProcessorError);
  return {
    media: {
      stream,
      playback,
      conversation,
      session: prewarmed.session,
      health,
      idle,
      dtmf,
      pauses: new PauseDetector(clock),
    },
    meter,
  };
}
