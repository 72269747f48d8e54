import type { Clock } from '../../base/clock.js';
import type { Verb } from '../../twilio/twiml.js';
import type { VoiceWebhook } from '../../twilio/webhooks.js';
import { announcement } from '../announcement.js';
import type { CallOutcome, CallStateMachine } from '../call-state.js';
import type { CallFacts } from '../call-facts.js';
import type { CallerMessages } from './caller-messages.js';
import { PATHS } from '../paths.js';

const VOICEMAIL_SECONDS = 120;
/** The announcement, the recording, and Twilio's time to tell about it. */
const VOICEMAIL_EXPECTED_MS = (VOICEMAIL_SECONDS + 60) * 1000;

/** What a caller gets of Twilio when no human can be reached: its recorder, or the promise of a callback. */
export class Voicemail {
  private readonly options: {
    call: CallFacts;
    machine: CallStateMachine;
    messages: CallerMessages;
    services: { clock: Clock; url: (scheme: 'https', path: string) => string };
    end: (outcome: CallOutcome) => void;
  };

  constructor(options: Voicemail['options']) {
    this.options = options;
  }

  /** Twilio records what the caller has to say. */
  record(): Verb[] {
    const { call, end, services, machine } = this.options;
    const { clock, url } = services;
    const { leaveMessage, silentGoodbye } = call.assistant.prompt.lines;
    const record = {
      action: url('https', PATHS.voicemail),
      statusCallback: url('https', PATHS.recording),
      maxSeconds: VOICEMAIL_SECONDS,
    };
    const verbs: Verb[] = [
      ...announcement(leaveMessage, call.assistant.prompt),
      { verb: 'record', record },
      // Twilio comes here only when it has heard nothing (Twilio: Record – empty recordings).
      ...announcement(silentGoodbye, call.assistant.prompt),
      { verb: 'hangup' },
    ];
    const expires = clock.setTimer(VOICEMAIL_EXPECTED_MS, () => end('no_human'));
    machine.enter({ name: 'recording', verbs, expires });
    return verbs;
  }

  /** `<Record action>`: the caller has left a message. */
  afterVoicemail(webhook: VoiceWebhook): Verb[] {
    const { call, end, machine } = this.options;
    this.onRecording(webhook);
    if (machine.state.name === 'recording') end('message_taken');
    return [...announcement(call.assistant.prompt.lines.messageThanks, call.assistant.prompt), { verb: 'hangup' }];
  }

  /** Twilio tells about a recording: after the message, and once more when it can be fetched. */
  onRecording({ form }: VoiceWebhook): void {
    const url = form.get('RecordingUrl') ?? '';
    if (url.startsWith('https://')) void this.options.messages.voicemail(url, form.get('RecordingSid') ?? '');
  }

  /** Somebody will call back, and is told so by what is kept. */
  async promiseCallback(): Promise<readonly Verb[]> {
    const { call, end, messages } = this.options;
    const { callbackPromised, noHuman } = call.assistant.prompt.lines;
    const isKept = await messages.callback();
    end(isKept ? 'callback_promised' : 'no_human');
    return [...announcement(isKept ? callbackPromised : noHuman, call.assistant.prompt), { verb: 'hangup' }];
  }
}
