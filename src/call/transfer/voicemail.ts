import type { Clock } from '../../base/clock.js';
import type { Verb } from '../../twilio/twiml.js';
import type { VoiceWebhook } from '../../twilio/webhooks.js';
import { announcement } from '../announcement.js';
import type { CallOutcome, CallStateMachine } from '../call-state.js';
import type { CallFacts } from '../call-facts.js';
import type { CallerMessages } from './caller-messages.js';
import { PATHS } from '../paths.js';

const VOICEMAIL_SECONDS = 120;
/** Maximum time of the announcement, the recording, and Twilio's report of it. */
const VOICEMAIL_EXPECTED_MS = (VOICEMAIL_SECONDS + 60) * 1000;

/** What Twilio offers the caller if no agent can be reached: a recorder, or the promise of a callback. */
export class Voicemail {
  private readonly options: {
    call: CallFacts;
    machine: CallStateMachine;
    messages: CallerMessages;
    services: { clock: Clock; url: (scheme: 'https', path: string) => string };
    end: (outcome: CallOutcome, announce?: string) => void;
  };

  constructor(options: Voicemail['options']) {
    this.options = options;
  }

  /** Enters `recording` and returns the verbs that record a message. */
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
      // Twilio runs these verbs only if the recording is empty (Twilio: Record – empty recordings).
      ...announcement(silentGoodbye, call.assistant.prompt),
      { verb: 'hangup' },
    ];
    const expires = clock.setTimer(VOICEMAIL_EXPECTED_MS, () => end('no_human'));
    machine.enter({ name: 'recording', verbs, expires });
    return verbs;
  }

  /** The `<Record action>` request: the caller has left a message. */
  afterVoicemail(webhook: VoiceWebhook): Verb[] {
    const { call, end, machine } = this.options;
    this.onRecording(webhook);
    if (machine.state.name === 'recording') end('message_taken');
    return [...announcement(call.assistant.prompt.lines.messageThanks, call.assistant.prompt), { verb: 'hangup' }];
  }

  /** Keeps a recording. Twilio reports it after the message, and again once it can be fetched. */
  onRecording({ form }: VoiceWebhook): void {
    keepRecording(form, this.options.messages);
  }

  /** Keeps the callback for the team, and promises it only if it was kept. */
  async promiseCallback(): Promise<readonly Verb[]> {
    const { call, end, messages } = this.options;
    const { callbackPromised, noHuman } = call.assistant.prompt.lines;
    const isKept = await messages.callback();
    const line = isKept ? callbackPromised : noHuman;
    end(isKept ? 'callback_promised' : 'no_human', line);
    return [...announcement(line, call.assistant.prompt), { verb: 'hangup' }];
  }
}

/** Keeps the recording that a webhook names. Does nothing if it names none. */
export function keepRecording(form: URLSearchParams, messages: CallerMessages): void {
  const url = form.get('RecordingUrl') ?? '';
  if (url.startsWith('https://')) void messages.voicemail(url, form.get('RecordingSid') ?? '');
}
