import type { Clock, Timer } from '../../base/clock.js';
import { TandemError } from '../../base/errors.js';
import { FirstOfKind } from '../../telemetry/first-of-kind.js';
import type { Logger } from '../../telemetry/log.js';
import type { OpenAiAnomaly } from './anomalies.js';
import {
  ALREADY_ACTIVE,
  CANCEL_TOO_LATE,
  codeOfRepeated,
  isThrottled,
  judgeError,
  judgeResponse,
  refusedSetting,
  reported,
} from './failures.js';
import { isDispensable, originOf } from './refused-setting.js';
import type { ResponseSpec } from './client-events.js';
import type { AnswerFault, RunEnd } from './model-turns.js';
import type { QueuedRequest, ResponseQueue } from './response-queue.js';
import type { ResponseDone, ServerError } from './server-events.js';

export interface RecoveryOptions {
  queue: ResponseQueue;
  clock: Clock;
  log: Logger;
  /** The `event_id` of the settings. An error about them ends the session. */
  configId: string;
  /** Returns instructions that make the model finish an answer to `spec`. `undefined`: voice activity began it. */
  continuing: (spec: ResponseSpec | undefined) => string;
  onAnomaly: (kind: OpenAiAnomaly) => void;
  /** Called for a line that will not be spoken. */
  onUnspoken: (sayId: string) => void;
  onFatal: (error: TandemError) => void;
  onFormatRefused: () => void;
  /** Called when the service refuses a setting that a call can do without. */
  onSettingRefused: (error: ServerError) => void;
}

/** Number of failed responses in a row after which the session fails. */
const MAX_FAILURES = 2;
/** The same for answers that were empty or cut off. They take the service no time, so two more are requested. */
const MAX_FAULTY_ANSWERS = 3;
/** Delay before a throttled response is requested again. */
const THROTTLED_PAUSE_MS = 1000;

/** Handles errors. Most are only noted. A failed request is retried once, and then the session fails. */
export class Recovery {
  private readonly options: RecoveryOptions;
  /** An error may repeat with every piece of audio. */
  private readonly first = new FirstOfKind();
  private failures = 0;
  private pause: Timer | undefined;

  constructor(options: RecoveryOptions) {
    this.options = options;
  }

  onError(error: ServerError): void {
    const { configId, log, onAnomaly, onFatal, onFormatRefused, queue } = this.options;
    const isSettings = error.eventId === configId;
    onAnomaly('error-event');
    const fields = { ...fieldsOf(error), ...(isSettings ? settingOf(error) : {}) };
    // A cancel crosses the end of its response now and then, and nothing follows from it.
    const isFirst = this.first.isFirst('', `${error.type} ${error.code} ${error.param}`);
    if (error.code === CANCEL_TOO_LATE || !isFirst) log.debug(fields, 'OpenAI reported an error');
    else log.warn(fields, isSettings ? 'OpenAI refused a setting' : 'OpenAI reported an error');
    const verdict = judgeError(error);
    if (verdict.do === 'fail') onFatal(reported(verdict.code, error));
    else if (isSettings && /\bformat\b/.test(error.param)) onFormatRefused();
    else if (isSettings && isDispensable(error.param)) this.options.onSettingRefused(error);
    else if (isSettings) onFatal(refusedSetting('VOICE_PROTOCOL', error));
    else {
      const lost = queue.refused(error.eventId, verdict.do === 'retry');
      if (lost !== undefined) this.onLost(lost, error);
    }
  }

  /** Called after the owner heard of the end of a response, and before the next one may begin. */
  onResponseEnd(end: RunEnd, done: ResponseDone): void {
    const { log, onAnomaly, onFatal, queue } = this.options;
    const { fault, hasSound, isStopped, running, status } = end;
    const verdict = judgeResponse(done);
    if (verdict !== undefined || status === 'failed') {
      onAnomaly('response-failed');
      log.warn({ ...fieldsOf(done.error), openai_reason: done.reason ?? fault ?? '' }, MESSAGES[fault ?? 'failed']);
    }
    if (verdict?.do === 'fail') {
      onFatal(reported(verdict.code, done.error));
      return;
    }
    if (status !== 'failed') {
      if (status === 'completed' || hasSound) this.failures = 0;
      return;
    }
    if (isStopped) return;
    this.failures++;
    const most = fault === undefined ? MAX_FAILURES : MAX_FAULTY_ANSWERS;
    if (this.failures >= most)
      onFatal(fault === undefined ? reported(codeOfRepeated(done.error), done.error) : noAnswer());
    // A line is not retried, because the owner that requested it decides what to do without it.
    else if (running.request?.kind === 'say') return;
    else if (isThrottled(done.error)) {
      this.pause = this.options.clock.setTimer(THROTTLED_PAUSE_MS, () => queue.again(running.request));
    } else if (fault === 'cut') queue.again(running.request, this.options.continuing(running.request?.spec));
    else queue.again(running.request);
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

const MESSAGES: Readonly<Record<AnswerFault | 'failed', string>> = {
  failed: 'a response failed',
  empty: 'an answer ended without a sound',
  written: 'an answer was written instead of spoken',
  cut: 'an answer broke off in the middle',
};

function noAnswer(): TandemError {
  return new TandemError('VOICE_FAILED', 'Several answers of OpenAI in a row had no sound or broke off.');
}

function settingOf({ param }: ServerError): Record<string, string> {
  return { openai_param: param, setting: originOf(param) ?? '' };
}

function fieldsOf(error: ServerError | undefined): Record<string, string> {
  return { openai_error_type: error?.type ?? '', openai_error_code: error?.code ?? '' };
}
