import type { StreamFault } from './stream-health.js';
import type { ProcessorFault } from '../../pipeline/fenced-processor.js';
import { FirstOfKind } from '../../telemetry/first-of-kind.js';
import type { Logger } from '../../telemetry/log.js';
import type { Metrics } from '../../telemetry/metrics.js';

/** Counts what goes wrong inside one call, and logs the first fault of each kind. None of it ends the call. */
export class CallFaults {
  private readonly options: { callSid: string; log: Logger; metrics: Metrics };
  private readonly anomalies = new FirstOfKind();

  constructor(options: { callSid: string; log: Logger; metrics: Metrics }) {
    this.options = options;
  }

  onProcessorError(processor: string, error: unknown): void {
    const { log, metrics } = this.options;
    metrics.processorErrors.inc({ processor });
    if (!this.isFirst(`${processor} ${nameOf(error)}`)) return;
    log.error(
      { err: error, processor },
      'a processor failed and its frame is lost; further ones in this call are only counted',
    );
  }

  /** A processor of an extension has failed. */
  onOwnProcessorFault(name: string, fault: ProcessorFault, error: unknown): void {
    const { log, metrics } = this.options;
    metrics.processorErrors.inc({ processor: 'extension' });
    if (!this.isFirst(`${name} ${fault} ${nameOf(error)}`)) return;
    log.error(
      { ...(error === undefined ? {} : { err: error }), processor: name, kind: fault },
      'a processor of an extension failed; further faults of this kind in this call are only counted',
    );
  }

  onUnknownMark(): void {
    const { log, metrics } = this.options;
    metrics.streamAnomalies.inc({ kind: 'unknown-mark' });
    if (this.isFirst('unknown-mark')) log.warn({ kind: 'unknown-mark' }, 'Twilio returned a mark that was never sent');
  }

  onStreamFault(fault: StreamFault): void {
    this.options.log.error({ fault }, 'the stream is open but carries nothing, so it is replaced');
  }

  private isFirst(kind: string): boolean {
    return this.anomalies.isFirst(this.options.callSid, kind);
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : '';
}
