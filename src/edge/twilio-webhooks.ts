import type { IncomingMessage, ServerResponse } from 'node:http';
import { CONNECTION_OVERRIDES, PATHS } from '../call/paths.js';
import type { CallRegistry } from '../call/registry.js';
import type { Config } from '../config/config.js';
import type { Logger } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { Peers } from '../app/peers.js';
import { type Verb, twiml } from '../twilio/twiml.js';
import { type VoiceWebhook, readWebhook, webhookOf } from '../twilio/webhooks.js';
import { send } from './respond.js';

/** Twilio's code for a stream that the server closed (Twilio: error 31921). */
const CLOSED_BY_GATEWAY = '31921';

/** Routes that are requested for the called leg of a dial, and so name the caller's call as the parent. */
const LEG_PATHS: ReadonlySet<string> = new Set([PATHS.whisper, PATHS.legStatus]);

const REFUSALS = {
  method: 'Twilio webhooks are POST requests.',
  'not-a-form': 'Expected an application/x-www-form-urlencoded body.',
  'too-large': 'The body is larger than any Twilio webhook.',
  signature: 'The X-Twilio-Signature is missing or wrong. Check TWILIO_AUTH_TOKEN and PUBLIC_HOST.',
  'no-call-sid': 'The form has no valid CallSid.',
  'wrong-account': 'This gateway serves another Twilio account.',
  aborted: 'The request ended before its body was complete.',
} as const;

export interface TwilioWebhooksOptions {
  calls: CallRegistry;
  twilio: Config['twilio'];
  /** Returns the host Twilio signs for. */
  publicHost: () => string;
  log: Logger;
  metrics: Metrics;
  /** Other processes behind the same port. `undefined` if there are none. */
  peers: Peers | undefined;
}

type WebhookHandler = (webhook: VoiceWebhook) => readonly Verb[] | Promise<readonly Verb[]> | undefined;

/** Answers Twilio's webhooks: checks the request, finds the call and returns its TwiML. */
export class TwilioWebhooks {
  private readonly options: TwilioWebhooksOptions;
  private readonly handlers: ReadonlyMap<string, WebhookHandler>;

  constructor(options: TwilioWebhooksOptions) {
    const { calls } = options;
    this.options = options;
    this.handlers = new Map<string, WebhookHandler>([
      [PATHS.voice, (webhook) => calls.incoming(webhook)],
      [PATHS.streamEnded, (webhook) => calls.afterStream(webhook)],
      [PATHS.dialResult, (webhook) => calls.afterDial(webhook)],
      [PATHS.whisper, (webhook) => calls.whisper(webhook)],
      [PATHS.callStatus, (webhook) => calls.callStatus(webhook)],
      [PATHS.streamStatus, (webhook) => this.onStreamStatus(webhook)],
      [PATHS.legStatus, (webhook) => calls.legStatus(webhook)],
      [PATHS.held, (webhook) => calls.afterHold(webhook)],
      [PATHS.voicemail, (webhook) => calls.afterVoicemail(webhook)],
      [PATHS.recording, (webhook) => calls.recording(webhook)],
      [PATHS.fallback, (webhook) => calls.afterFallback(webhook)],
    ]);
  }

  /** Whether `path` is a webhook of Twilio. */
  has(path: string): boolean {
    return this.handlers.has(path);
  }

  async onRequest(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { log, metrics, publicHost, twilio } = this.options;
    const result = await readWebhook(request, {
      publicHost: publicHost(),
      fragment: CONNECTION_OVERRIDES,
      signingKeys: twilio.authTokens,
      accountSid: twilio.accountSid,
    });
    if (!result.ok) {
      const { reason, status } = result.refusal;
      metrics.refusedRequests.inc({ reason });
      log.warn({ reason, status }, 'webhook refused');
      send(response, status, 'text/plain', `${REFUSALS[reason]}\n`, { connection: 'close' });
      return;
    }
    const answer = await this.answerOfOwner(path, result.webhook);
    if (answer === undefined) send(response, 204, undefined, '');
    else send(response, 200, 'text/xml; charset=utf-8', answer);
  }

  /** Returns the TwiML for a webhook that this or another process has checked. `undefined` for an empty answer. */
  async answer(path: string, form: URLSearchParams): Promise<string | undefined> {
    const handler = this.handlers.get(path);
    const verbs = handler === undefined ? [] : await this.answerOf(handler, webhookOf(form));
    return verbs === undefined ? undefined : twiml(verbs);
  }

  /** Whether this process would answer the webhook. `false` only for a new call that it would refuse. */
  hasRoomFor(path: string, form: URLSearchParams): boolean {
    return path !== PATHS.voice || this.options.calls.hasRoomFor(webhookOf(form));
  }

  /** Returns the answer of the process that has the call. If no process has it, this one answers. */
  private async answerOfOwner(path: string, webhook: VoiceWebhook): Promise<string | undefined> {
    const { calls, peers } = this.options;
    const callSid = LEG_PATHS.has(path) ? (webhook.parentCallSid ?? webhook.callSid) : webhook.callSid;
    if (peers !== undefined && !calls.has(callSid)) {
      const answer = await peers.answer(path, callSid, webhook, this.hasRoomFor(path, webhook.form));
      if (answer.by === 'peer') return answer.twiml;
    }
    return this.answer(path, webhook.form);
  }

  /** Answers with a transfer to a human if the handler fails. Otherwise Twilio would play an error and hang up. */
  private async answerOf(handler: WebhookHandler, webhook: VoiceWebhook): Promise<readonly Verb[] | undefined> {
    const { calls, log } = this.options;
    try {
      return await handler(webhook);
    } catch (error) {
      log.error({ err: error, call_sid: webhook.callSid }, 'webhook failed; the caller is transferred to a human');
      return calls.lastResort(webhook);
    }
  }

  private onStreamStatus(webhook: VoiceWebhook): undefined {
    const { log } = this.options;
    if (webhook.form.get('StreamEvent') !== 'stream-error') return;
    const code = /^\d{5}/.exec(webhook.form.get('StreamError') ?? '')?.[0];
    const fields = { call_sid: webhook.callSid, twilio_error: code === undefined ? undefined : Number(code) };
    // Twilio also reports an error when the gateway closes a stream to continue the call elsewhere.
    if (code === CLOSED_BY_GATEWAY) log.debug(fields, 'Twilio reports that the stream was closed');
    else log.error(fields, 'Twilio reports a stream error');
  }
}
