import type { Clock } from '../../base/clock.js';
import { SILENCE_BUDGET } from '../../base/silence-budget.js';
import type { RecordingMode } from '../../prompts/assistant.js';
import type { Logger } from '../../telemetry/log.js';
import type { Metrics } from '../../telemetry/metrics.js';
import type { Playback } from '../../twilio/playback.js';
import type { ShownRecording } from '../../twilio/recordings-api.js';
import type { Turn } from '../../voice/history.js';
import type { ResponseStatus } from '../../voice/session.js';
import type { CallEvent } from '../call-events.js';
import type { CallState } from '../call-state.js';
import { RecordingNotice } from './recording-notice.js';
import { type RecordingsApi, type RecordingStand, RecordingSwitch, type WantedStand } from './recording-switch.js';

/** How a gateway records calls, by its settings. */
export interface RecordingServices {
  api: RecordingsApi;
  /** What becomes of a recording when the call goes to a human. */
  atHandover: 'stop' | 'continue';
  /** Whether a caller who was told of a recording is told that there is none after all. */
  onFailure: 'continue' | 'say';
}

/** Why a call is not recorded, or no longer. A metric label, so a closed set. */
export type RecordingEnd = 'withdrawn' | 'handover' | 'unheard' | 'failed' | 'voicemail';

/** What another instance needs to go on. */
export interface RecordingMemory {
  is: RecordingStand;
  sid?: string | undefined;
  /** Present once the caller has agreed, as far as the assistant asks for that. */
  isAgreed?: boolean | undefined;
  /** Present once the caller has heard that the call is recorded. */
  isAnnounced?: boolean | undefined;
  ended?: RecordingEnd | undefined;
}

export interface CallRecordingOptions {
  callSid: string;
  mode: RecordingMode;
  /** Returns the lines of the assistant that talks now. */
  lines: () => { recorded: string; notRecorded: string };
  services: RecordingServices & { clock: Clock; metrics: Metrics; emit: (event: CallEvent) => void };
  log: () => Logger;
  /** Says a line to the caller. Returns `false` if no stream is open. */
  say: (text: string, sayId: string) => boolean;
  /** Called when what another instance must know has changed. */
  onChange: () => void;
  /** What another instance knew. */
  memory?: RecordingMemory | undefined;
  /** Whether digits are being collected that may not be recorded. */
  isSecretHeld: () => boolean;
}

/**
 * The recording of one call by Twilio. It starts once the caller has heard that the call is recorded, and never before. The gateway
 * never has the recording itself, only its SID and address.
 */
export class CallRecording {
  private readonly options: CallRecordingOptions;
  private readonly notice: RecordingNotice;
  private readonly control: RecordingSwitch;
  private isAgreed: boolean;
  private isAnnounced: boolean;
  private ended: RecordingEnd | undefined;
  private isStartCounted: boolean;
  private failureCount = 0;

  constructor(options: CallRecordingOptions) {
    const { callSid, lines, memory, mode, services } = options;
    this.options = options;
    this.isAgreed = memory?.isAgreed ?? mode !== 'consent';
    this.isAnnounced = memory?.isAnnounced ?? false;
    this.ended = memory?.ended;
    this.isStartCounted = memory?.sid !== undefined;
    this.notice = new RecordingNotice({
      line: () => lines().recorded,
      say: options.say,
      onHeard: () => this.announced(),
      onUnheard: () => this.end('unheard'),
    });
    this.control = new RecordingSwitch(
      {
        callSid,
        api: services.api,
        clock: services.clock,
        wanted: () => this.wanted,
        onChange: () => this.changed(),
        onFailure: (step) => this.failed(step),
      },
      memory?.is,
      memory?.sid,
    );
  }

  /** What another instance has to know. */
  get memory(): RecordingMemory {
    const { ended, isAgreed, isAnnounced } = this;
    const { sid, stand } = this.control;
    return {
      is: stand,
      ...(sid === undefined ? {} : { sid }),
      ...(isAgreed ? { isAgreed } : {}),
      ...(isAnnounced ? { isAnnounced } : {}),
      ...(ended === undefined ? {} : { ended }),
    };
  }

  /** Where the recording is. `undefined` if none was started, as far as is known. */
  get place(): { sid: string; url: string } | undefined {
    const { sid } = this.control;
    return sid === undefined ? undefined : { sid, url: this.options.services.api.urlOf(sid) };
  }

  /** Returns the first words of a stream, with the line that the caller must hear before anything is recorded. */
  opening(text: string, comesFirst: boolean): string {
    if (!this.isAgreed || this.isAnnounced || this.ended !== undefined) return text;
    this.notice.expect();
    const { recorded } = this.options.lines();
    return comesFirst ? `${recorded} ${text}` : `${text} ${recorded}`;
  }

  /** A stream is open. `hasOpening`: it begins with {@link opening}. */
  streamOpened(hasOpening: boolean): void {
    if (!this.isAgreed || this.isAnnounced || this.ended !== undefined) return;
    if (hasOpening) this.notice.expect();
    else this.notice.say();
  }

  streamOver(): void {
    this.notice.streamOver();
  }

  onTurn(turn: Readonly<Turn>, playback: Playback): void {
    this.notice.onTurn(turn, playback);
  }

  onSaid(sayId: string, status: ResponseStatus): void {
    this.notice.onSaid(sayId, status);
  }

  /** The caller has agreed to be recorded, or wants no recording. Returns what the model is told. */
  decided(agreed: boolean): Record<string, unknown> {
    if (!agreed) {
      this.end('withdrawn');
      return { status: 'ok', recording: 'off' };
    }
    // Who does not want to be recorded is not asked again.
    if (this.ended !== undefined) return { status: 'ok', recording: 'off, for the rest of the call' };
    if (!this.isAgreed) {
      this.isAgreed = true;
      this.options.onChange();
      this.notice.say();
    }
    return { status: 'ok', recording: 'on, as soon as the caller has heard so' };
  }

  /** The call has taken a step. */
  entered(state: CallState): void {
    if (state.name === 'recording') this.end('voicemail');
    else if (this.options.services.atHandover === 'stop' && goesToHuman(state)) this.end('handover');
    if (state.name !== 'ended') this.control.adjust();
  }

  /** Resolves with whether nothing is recorded now, because digits are about to be collected. */
  whenSilent(): Promise<boolean> {
    return this.control.whenSilent(SILENCE_BUDGET.recordingSilentMs);
  }

  /** Digits are being collected from now on, or no longer, or the call has come from another instance. */
  adjust(): void {
    this.control.adjust();
  }

  /** Twilio has reported the recording. */
  reported(recording: ShownRecording): void {
    this.control.reported(recording);
  }

  close(): void {
    this.notice.stop();
    this.control.close();
  }

  private get wanted(): WantedStand {
    if (this.ended !== undefined) return 'over';
    if (!this.isAgreed || !this.isAnnounced) return 'none';
    if (!this.options.isSecretHeld()) return 'in-progress';
    return this.control.stand === 'none' ? 'none' : 'paused';
  }

  private announced(): void {
    this.isAnnounced = true;
    this.options.onChange();
    this.control.adjust();
  }

  private end(why: RecordingEnd): void {
    if (this.ended !== undefined) return;
    this.ended = why;
    this.notice.stop();
    this.options.services.metrics.recordings.inc({ outcome: why });
    this.options.onChange();
    this.control.adjust();
  }

  private changed(): void {
    const { callSid, log, onChange, services } = this.options;
    onChange();
    const { place } = this;
    log().info({ recording_sid: place?.sid, stand: this.control.stand }, 'the recording has changed');
    if (place === undefined || this.isStartCounted) return;
    this.isStartCounted = true;
    services.metrics.recordings.inc({ outcome: 'started' });
    services.emit({ type: 'recording', callSid, ...place });
  }

  private failed(step: string): void {
    const { lines, log, say, services } = this.options;
    log().error({ step }, 'Twilio did not change the recording of a call');
    services.metrics.recordingFailures.inc({ step: step === 'look' ? 'start' : step });
    // A recording that cannot be continued stays paused. One that cannot be started or paused is stopped.
    if (step === 'in-progress' || step === 'stopped') return;
    this.end('failed');
    if (services.onFailure === 'say') say(lines().notRecorded, `not-recorded-${this.failureCount++}`);
  }
}

/** Whether the call leaves, or has left, for a human. */
export function goesToHuman(state: CallState): boolean {
  return state.name === 'dialling' || ('exit' in state && state.exit.to === 'human');
}
