import type { Clock } from '../../base/clock.js';
import type { EscalationWatch } from '../../escalation/watch.js';
import type { Metrics } from '../../telemetry/metrics.js';
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
import { LatencyMeter } from './latency-meter.js';
import { PipelineConversation } from './pipeline-conversation.js';

export interface MediaSessionOptions {
  stream: TwilioStream;
  prewarmed: PrewarmedSession;
  /** What outlives the line, because the call does. */
  history: History;
  escalationWatch: EscalationWatch;
  tools: ToolRunner;
  listener: ConversationListener;
  /** The caller has been silent so many times in a row. */
  onIdle: (times: number) => void;
  /** And is there again. */
  onCallerBack: () => void;
  /** Every second. */
  onLook: () => void;
  /** The stream is open and carries nothing: it is given up. */
  onFault: (fault: StreamFault) => void;
  onProcessorError: (processor: string, error: unknown) => void;
  services: { clock: Clock; metrics: Metrics; providerName: string; idleMs: number; pipeline: boolean };
}

/** Joins a stream with its playback ledger and its conversation. */
export function openMediaSession(options: MediaSessionOptions): { media: MediaSession; meter: LatencyMeter } {
  const { prewarmed, history, listener, onCallerBack, onFault, onIdle, onLook, onProcessorError } = options;
  const { services, stream, tools, escalationWatch } = options;
  const { clock, idleMs, metrics, pipeline, providerName } = services;
  const idle = new CallerIdleTimer({ clock, afterMs: idleMs, onIdle, onBack: onCallerBack });
  const meter = new LatencyMeter({ clock, metrics, provider: () => prewarmed.session.speaker ?? providerName });
  const playback = new Playback({
    sink: stream,
    clock,
    onIdle: () => idle.playedOut(),
    onUnknownMark: () => metrics.streamAnomalies.inc({ kind: 'unknown-mark' }),
  });
  const dtmf = new DtmfCollector({ clock, watch: escalationWatch });
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
  const conversation = pipeline ? new PipelineConversation(parts, onProcessorError) : new DirectBridge(parts);
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
