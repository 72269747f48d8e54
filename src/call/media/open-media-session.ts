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
import type { MediaSession } from '../call-state.js';
import type { ConversationListener, ConversationParts } from './conversation.js';
import type { PrewarmedSession } from './prewarmed-session.js';
import { CallerIdleTimer } from './caller-idle.js';
import { DtmfCollector } from './dtmf-collector.js';
import { type StreamFault, StreamHealth } from './stream-health.js';
import { LatencyMeter } from './latency-meter.js';
import { PipelineConversation } from './pipeline-conversation.js';

export interface MediaSessionOptions {
  stream: TwilioStream;
  held: PrewarmedSession;
  /** What outlives the line, because the call does. */
  history: History;
  watch: EscalationWatch;
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
export function openMediaSession(options: MediaSessionOptions): { line: MediaSession; meter: LatencyMeter } {
  const { held, history, listener, onCallerBack, onFault, onIdle, onLook, onProcessorError } = options;
  const { services, stream, tools, watch } = options;
  const { clock, idleMs, metrics, pipeline, providerName } = services;
  const idle = new CallerIdleTimer({ clock, afterMs: idleMs, onIdle, onBack: onCallerBack });
  const meter = new LatencyMeter({ clock, metrics, provider: () => held.session.speaker ?? providerName });
  const playback = new Playback({
    sink: stream,
    clock,
    onIdle: () => idle.playedOut(),
    onUnknownMark: () => metrics.streamAnomalies.inc({ kind: 'unknown-mark' }),
  });
  const keypad = new DtmfCollector({ clock, watch });
  const parts: ConversationParts = {
    held,
    playback,
    history,
    gate: new ResponseGate(),
    watch,
    keypad,
    tools,
    idle,
    meter,
    metrics,
    listener,
  };
  const lineWatch = new StreamHealth({
    clock,
    overdueMs: () => playback.markOverdueMs,
    onLook: () => {
      playback.endStalled();
      onLook();
    },
    onFault: (fault) => {
      metrics.lineFaults.inc({ fault });
      onFault(fault);
      stream.break();
    },
  });
  const conversation = pipeline ? new PipelineConversation(parts, onProcessorError) : new DirectBridge(parts);
  return {
    line: {
      stream,
      playback,
      conversation,
      session: held.session,
      watch: lineWatch,
      idle,
      keypad,
      callerPause: new PauseDetector(clock),
    },
    meter,
  };
}
