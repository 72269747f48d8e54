import type { Clock, Timer } from '../../base/clock.js';
import type { TandemError } from '../../base/errors.js';
import type { Logger } from '../../telemetry/log.js';
import type { OpenAiAnomaly } from './anomalies.js';
import { ALREADY_ACTIVE, codeOfRepeated, isThrottled, judgeError, judgeResponse, reported } from './failures.js';
import type { RunEnd } from './model-turns.js';
import type { QueuedRequest, ResponseQueue } from './response-queue.js';
import type { ResponseDone, ServerError } from './server-events.js';

export interface RecoveryOptions {
  queue: ResponseQueue;
  clock: Clock;
  log: Logger;
  /** The `event_id` of the settings. An error about them ends the session. */
  configId: string;
  onAnomaly: (kind: OpenAiAnomaly) => void;
  /** Called for a line that will not be spoken. */
  onUnspoken: (sayId: string) => void;
  onFatal: (error: TandemError) => void;
  onFormatRefused: () => void;
}

/** Number of failed responses in a row after which the session fails. */
const MAX_FAILURES = 2;
/** Delay before a throttled response is requested again. */
const THROTTLED_PAUSE_MS = 1000;

/** Handles errors. Most are only noted. A failed request is retried once, and then the session fails. */
export class Recovery {
  private readonly options: RecoveryOptions;
  private failures = 0;
  private pause: Timer | undefined;

  constructor(options: RecoveryOptions) {
    this.options = options;
  }

  onError(error: ServerError): void {
    const { configId, log, onAnomaly, onFatal, onFormatRefused, queue } = this.options;
    onAnomaly('error-event');
    log.warn(fieldsOf(error), 'OpenAI reported an error');
    const verdict = judgeError(error);
    if (verdict.do === 'fail') onFatal(reported(verdict.code, error));
    else if (error.eventId === configId && /\bformat\b/.test(error.param)) onFormatRefused();
    else if (error.eventId === configId) onFatal(reported('VOICE_PROTOCOL', error));
    else {
      const lost = queue.refused(error.eventId, verdict.do === 'retry');
      if (lost !== undefined) this.onLost(lost, error);
    }
  }

  /** Called after the owner heard of the end of a response, and before the next one may begin. */
  onResponseEnd(end: RunEnd, done: ResponseDone): void {
    const { log, onAnomaly, onFatal, queue } = this.options;
    const { hasAudio, isStopped, running, status } = end;
    const verdict = judgeResponse(done);
    if (verdict !== undefined || status === 'failed') {
      onAnomaly('response-failed');
      log.warn(fieldsOf(done.error), 'a response failed');
    }
    if (verdict?.do === 'fail') {
      onFatal(reported(verdict.code, done.error));
      return;
    }
    if (status !== 'failed') {
      if (status === 'completed' || hasAudio) this.failures = 0;
      return;
    }
    if (isStopped) return;
    this.failures++;
    if (this.failures >= MAX_FAILURES) onFatal(reported(codeOfRepeated(done.error), done.error));
    // A line is not retried, because the owner that requested it decides what to do without it.
    else if (running.request?.kind === 'say') return;
    else if (isThrottled(done.error)) {
      this.pause = this.options.clock.setTimer(THROTTLED_PAUSE_MS, () => queue.again(running.request));
    } else queue.again(running.request);
  }

  /** Stops a pending retry, because the owner has cancelled everything or the session is over. */
  stop(): void {
    this.pause?.cancel();
  }

  private onLost(lost: QueuedRequest, error: ServerError): void {
    const { onAnomaly, onFatal, onUnspoken } = this.options;
    if (lost.spec.sayId !== undefined) onUnspoken(lost.spec.sayId);
    // The response in progress, for which this request was refused, answers the caller as well.
    else if (error.code === ALREADY_ACTIVE) onAnomaly('request-lost');
    else onFatal(reported(codeOfRepeated(error), error));
  }
}

function fieldsOf(error: ServerError | undefined): Record<string, string> {
  return { openai_error_type: error?.type ?? '', openai_error_code: error?.code ?? '' };
}
