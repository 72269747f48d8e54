import { z } from 'zod';
import type { Clock } from '../../base/clock.js';
import {
  type CallbackKind,
  type CallbackStore,
  callbackIdOf,
  callbackKey,
  callbackRecord,
} from '../../handover/callbacks.js';
import { numbersIn } from '../../handover/text.js';
import { identifyingNumber } from '../../twilio/caller-identity.js';
import type { Metrics } from '../../telemetry/metrics.js';
import { type AssistantTool, defineTool } from '../../voice/tools.js';
import type { CallEvent } from '../call-events.js';
import type { CallFacts } from '../call-facts.js';

export interface CallerMessageServices {
  clock: Clock;
  metrics: Metrics;
  callbacks: CallbackStore;
  emit: (event: CallEvent) => void;
}

const NO_NUMBER =
  'The caller withholds their number. Ask which number to call, and request the callback again with it.';
/** Fewest digits of a number that can be called back. Small towns have numbers of five. */
const FEWEST_DIGITS = 5;
const TAKE_MESSAGE = 'take_message';
const REQUEST_CALLBACK = 'request_callback';
/** Names of the tools that an assistant has if no agent is there. */
export const MESSAGE_TOOL_NAMES: readonly string[] = [TAKE_MESSAGE, REQUEST_CALLBACK];

/** Keeps what one caller leaves for the team if no agent can take the call. */
export class CallerMessages {
  private readonly call: CallFacts;
  private readonly services: CallerMessageServices;
  /** The id of the one voicemail record, because Twilio reports a recording twice, in either order, to any instance. */
  private readonly voicemailId: string;
  /** The id of the one callback record, because Twilio may repeat the request after a dial, to any instance. */
  private readonly callbackId: string;

  constructor(call: CallFacts, services: CallerMessageServices) {
    this.call = call;
    this.services = services;
    const { conversationId, startedAtMs } = call;
    this.voicemailId = callbackIdOf('voicemail', conversationId, startedAtMs);
    this.callbackId = callbackIdOf('callback', conversationId, startedAtMs);
  }

  /** Keeps a reference to Twilio's recording. Never rejects. */
  async voicemail(recordingUrl: string, recordingSid: string): Promise<void> {
    if (await this.keep('voicemail', { recordingUrl }, this.voicemailId)) return;
    this.call.log().error({ recording_sid: recordingSid }, 'a voicemail has no record; Twilio has its recording');
  }

  /** Keeps a callback to the caller's number. Never rejects. Resolves with false if it could not be kept. */
  callback(): Promise<boolean> {
    return this.keep('callback', {}, this.callbackId);
  }

  /** Returns the tools the assistant gets if no agent is there. */
  tools(): readonly AssistantTool[] {
    return [
      defineTool({
        name: TAKE_MESSAGE,
        description:
          'Keep a message for a colleague, since nobody is free now. Ask for the message and the name first. Afterwards say that it was passed on.',
        parameters: z.object({
          message: z.string().min(1).describe('The message, with the name of the caller.'),
        }),
        run: ({ message }) => this.answer(this.keep('message', { message })),
      }),
      defineTool({
        name: REQUEST_CALLBACK,
        description:
          'Have a colleague call the caller back, since nobody is free now. Ask when it suits and what it is about first. Afterwards say that a colleague will call.',
        parameters: z.object({
          when: z.string().min(1).describe('When the caller would like to be called, in their words.'),
          about: z.string().optional().describe('What it is about, in one sentence.'),
          number: z.string().optional().describe('Another number than the one they call from, if they want that.'),
        }),
        run: ({ about, number, when }) => {
          if (identifyingNumber(this.call.from) === undefined && digitsIn(number ?? '') < FEWEST_DIGITS)
            return Promise.resolve({ error: NO_NUMBER });
          const message = [about, number].filter((part) => part !== undefined).join(' | ');
          return this.answer(this.keep('callback', { when, message }));
        },
      }),
    ];
  }

  private async answer(kept: Promise<boolean>): Promise<unknown> {
    return (await kept)
      ? { status: 'kept' }
      : { error: 'It could not be kept. Say so, and ask the caller to call again later.' };
  }

  private async keep(
    kind: CallbackKind,
    fields: { message?: string; when?: string; recordingUrl?: string },
    id?: string,
  ): Promise<boolean> {
    const { callSid, conversationId, from, log, assistant } = this.call;
    const { callbacks, clock, emit, metrics } = this.services;
    const { language } = assistant.prompt;
    const record = callbackRecord(
      { kind, callSid, conversationId, customerPhone: from, language, ...fields },
      clock.epochMs(),
      id,
    );
    try {
      await callbacks.keep(callbackKey(record.callback_id), record);
    } catch (error) {
      metrics.messages.inc({ kind, outcome: 'lost' });
      log().error({ err: error, kind }, 'what the caller left could not be kept');
      return false;
    }
    metrics.messages.inc({ kind, outcome: 'kept' });
    emit({ type: 'message-kept', callSid, kind, callbackId: record.callback_id });
    log().info({ callback_id: record.callback_id, kind }, 'the caller left something for the team');
    return true;
  }
}

/** Returns how many digits `text` has, in any script. */
function digitsIn(text: string): number {
  return numbersIn(text).join('').replace(/\D/g, '').length;
}
