import type { Logger } from '../../telemetry/log.js';
import type { VoiceWebhook } from '../../twilio/webhooks.js';
import { type CallFacts, NOTHING_CHOSEN } from '../call-facts.js';
import { type CallerMessageServices, CallerMessages } from './caller-messages.js';
import { keepRecording } from './voicemail.js';

/** What the journal still says about the call of a recording. The numbers may be empty. */
type Known = Pick<CallFacts, 'conversationId' | 'startedAtMs' | 'from' | 'to'>;

/**
 * Keeps a recording of a call that this instance does not have. Twilio's report of a recording names no caller, and goes to any
 * instance. `known` is `undefined` if the journal does not know the call either.
 */
export function keepForeignRecording(
  webhook: VoiceWebhook,
  known: Known | undefined,
  services: CallerMessageServices & { log: Logger; assistantFor: (numberCalled: string) => CallFacts['assistant'] },
): void {
  const { callSid, form } = webhook;
  const { assistantFor, clock } = services;
  const log = services.log.child({
    call_sid: callSid,
    ...(known === undefined ? {} : { conversation_id: known.conversationId }),
  });
  log.warn({ is_known: known !== undefined }, 'Twilio reports a recording of a call that this instance does not have');
  const to = known?.to || webhook.to;
  const call: CallFacts = {
    callSid,
    // Without the conversation, the recording stands for it, so that two reports of it still have one record.
    conversationId: known?.conversationId ?? form.get('RecordingSid') ?? '',
    startedAtMs: known?.startedAtMs ?? startOf(form) ?? clock.epochMs(),
    from: known?.from || webhook.from,
    to,
    assistant: assistantFor(to),
    chosen: NOTHING_CHOSEN,
    turns: () => [],
    log: () => log,
  };
  keepRecording(form, new CallerMessages(call, services));
}

/** Twilio names the start in the form of RFC 2822, in some of its requests. */
function startOf(form: URLSearchParams): number | undefined {
  const startMs = Date.parse(form.get('RecordingStartTime') ?? '');
  return Number.isFinite(startMs) ? startMs : undefined;
}
