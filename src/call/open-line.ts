import type { Clock } from '../clock.js';
import type { EscalationWatch } from '../escalation/watch.js';
import type { Metrics } from '../metrics.js';
import { Playback } from '../twilio/playback.js';
import type { TwilioStream } from '../twilio/stream.js';
import type { History } from '../voice/history.js';
import { ResponseGate } from '../voice/response-gate.js';
import type { ToolRunner } from '../voice/tools.js';
import { CallerPause } from './caller-pause.js';
import { DirectBridge } from './bridge.js';
import type { Line } from './call-state.js';
import type { ConversationListener, ConversationParts } from './conversation.js';
import type { HeldSession } from './held-session.js';
import { IdleWatch } from './idle-watch.js';
import { Keypad } from './keypad.js';
import { type LineFault, LineWatch } from './line-watch.js';
import { LatencyMeter } from './latency-meter.js';
import { PipelineConversation } from './pipeline-conversation.js';

export interface LineOptions {
  stream: TwilioStream;
  held: HeldSession;
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
  onFault: (fault: LineFault) => void;
  onProcessorError: (processor: string, error: unknown) => void;
  services: { clock: Clock; metrics: Metrics; providerName: string; idleMs: number; pipeline: boolean };
}

/** Joins a stream with its playback ledger and its conversation. */
export function openLine(options: LineOptions): { line: Line; meter: LatencyMeter } {
  const { held, history, listener, onCallerBack, onFault, onIdle, onLook, onProcessorError } = options;
  const { services, stream, tools, watch } = options;
  const { clock, idleMs, metrics, pipeline, providerName } = services;
  const idle = new IdleWatch({ clock, afterMs: idleMs, onIdle, onBack: onCallerBack });
  const meter = new LatencyMeter({ clock, metrics, provider: () => held.session.speaker ?? providerName });
  const playback = new Playback({
    sink: stream,
    clock,
    onIdle: () => idle.playedOut(),
    onUnknownMark: () => metrics.streamAnomalies.inc({ kind: 'unknown-mark' }),
  });
  const keypad = new Keypad({ clock, watch });
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
  const lineWatch = new LineWatch({
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
      callerPause: new CallerPause(clock),
    },
    meter,
  };
}
