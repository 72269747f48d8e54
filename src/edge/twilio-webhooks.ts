import type { IncomingMessage, ServerResponse } from 'node:http';
import { CONNECTION_OVERRIDES, PATHS } from '../call/paths.js';
import type { CallRegistry } from '../call/registry.js';
import type { Config } from '../config/config.js';
import type { Logger } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { Peers } from '../app/peers.js';
import { type Verb, twiml } from '../twilio/twiml.js';
import { type VoiceWebhook, readWebhook, webhookOf } from '../twilio/webhooks.js';
import { linkIn } from '../telemetry/trace-link.js';
import type { SpanPlace } from '../telemetry/span.js';
import { send } from './respond.js';
import { shownPath } from './shown-path.js';

/** Twilio's code for a stream that the server closed (Twilio: error 31921). */
const CLOSED_BY_GATEWAY = '31921';

/** Routes that are requested for the called leg of a dial, and so name the caller's call as the parent. */
const LEG_PATHS: ReadonlySet<string> = new Set([
  PATHS.whisper,
  PATHS.legStatus,
  PATHS.briefingKey,
  PATHS.briefingKeyAgain,
]);

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
  /** Answers requests about calls that the gateway makes. `undefined` if it makes none. */
  outbound?: OutboundWebhooks | undefined;
  /** Traces every answer of this process. `undefined` if calls are not traced. */
  traces: WebhookTraces | undefined;
  /** Stands before every answer of this process. */
  around?:
    | ((path: string, form: URLSearchParams, answer: () => Promise<string | undefined>) => Promise<string | undefined>)
    | undefined;
}

/** The routes of calls that the gateway makes. The form of each has the id of its call in {@link OUTBOUND_ID}. */
export interface OutboundWebhooks {
  onAnswered(webhook: VoiceWebhook): Promise<readonly Verb[]>;
  onStatus(webhook: VoiceWebhook): Promise<undefined>;
  onMachine(webhook: VoiceWebhook): Promise<undefined>;
}

/** The field that takes the id from the query of a URL. Twilio's own fields begin with a capital letter. */
const OUTBOUND_ID = 'outbound_id';

export interface WebhookTraces {
  /** Which headers become a link to another system's trace. */
  propagators: readonly string[];
  of: {
    webhook: (
      request: { callSid: string; link: SpanPlace | undefined; route: string },
      answer: () => Promise<string | undefined>,
    ) => Promise<string | undefined>;
    /** The handler has failed. */
    failed: (callSid: string) => void;
  };
}

type WebhookHandler = (webhook: VoiceWebhook) => readonly Verb[] | Promise<readonly Verb[] | undefined> | undefined;

/** Answers Twilio's webhooks: checks the request, finds the call and returns its TwiML. */
export class TwilioWebhooks {
  private readonly options: TwilioWebhooksOptions;
  private readonly handlers: ReadonlyMap<string, WebhookHandler>;

  constructor(options: TwilioWebhooksOptions) {
    const { calls, outbound } = options;
    this.options = options;
    this.handlers = new Map<string, WebhookHandler>([
      [PATHS.voice, (webhook) => calls.incoming(webhook)],
      [PATHS.streamEnded, (webhook) => calls.afterStream(webhook)],
      [PATHS.dialResult, (webhook) => calls.afterDial(webhook)],
      [PATHS.whisper, (webhook) => calls.whisper(webhook)],
      [PATHS.briefingKey, (webhook) => calls.briefed(webhook, 'first')],
      [PATHS.briefingKeyAgain, (webhook) => calls.briefed(webhook, 'last')],
      [PATHS.callStatus, (webhook) => calls.callStatus(webhook)],
      [PATHS.streamStatus, (webhook) => this.onStreamStatus(webhook)],
      [PATHS.legStatus, (webhook) => calls.legStatus(webhook)],
      [PATHS.held, (webhook) => calls.afterHold(webhook)],
      [PATHS.voicemail, (webhook) => calls.afterVoicemail(webhook)],
      [PATHS.recording, (webhook) => calls.recording(webhook)],
      [PATHS.fallback, (webhook) => calls.afterFallback(webhook)],
      ...(outbound === undefined ? [] : outboundHandlers(outbound)),
    ]);
  }

  /** Returns the route of a webhook. `undefined` if `path` is none. A final slash makes no difference. */
  routeOf(path: string): string | undefined {
    const route = path.replace(/\/$/, '');
    return this.handlers.has(route) ? route : undefined;
  }

  /** Whether a request that has no route was meant to be one of Twilio's. */
  isMeant(path: string, request: IncomingMessage): boolean {
    return /^\/twilio(?:\/|$)/.test(path) || request.headers['x-twilio-signature'] !== undefined;
  }

  /** Answers a request of Twilio's that has no route, so that the operator sees which URL is wrong. */
  onNoRoute(path: string, response: ServerResponse): void {
    const { log, metrics, publicHost } = this.options;
    metrics.refusedRequests.inc({ reason: 'unknown-path' });
    if (path === PATHS.stream || path.startsWith(`${PATHS.stream}/`)) {
      log.warn(
        { path: shownPath(path), status: 426 },
        'a stream came without an upgrade; let the proxy pass WebSockets on',
      );
      send(response, 426, 'text/plain', 'A stream is a WebSocket. Let the proxy pass the Upgrade header on.\n', {
        connection: 'close',
      });
      return;
    }
    const right = `https://${publicHost()}${PATHS.voice}`;
    log.warn({ path: shownPath(path), status: 404, right_path: PATHS.voice }, 'webhook to a path that does not exist');
    const text = `Not found. Calls belong to ${right}, and call status changes to https://${publicHost()}${PATHS.callStatus}.\n`;
    send(response, 404, 'text/plain', text, { connection: 'close' });
  }

  /** `path`: a route, see {@link routeOf}. */
  async onRequest(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { log, metrics, publicHost, twilio } = this.options;
    const result = await readWebhook(request, {
      publicHost: publicHost(),
      fragment: CONNECTION_OVERRIDES,
      signingKeys: [...twilio.authTokens, ...twilio.sharedKeys],
      accountSid: twilio.accountSid,
    });
    if (!result.ok) {
      const { reason, status } = result.refusal;
      metrics.refusedRequests.inc({ reason });
      log.warn({ reason, status }, 'webhook refused');
      send(response, status, 'text/plain', `${REFUSALS[reason]}\n`, { connection: 'close' });
      return;
    }
    // It goes into the form, which another process gets if it has the call.
    const id = new URL(request.url ?? '/', 'http://gateway').searchParams.get('id');
    if (id !== null) result.webhook.form.set(OUTBOUND_ID, id);
    const { traces } = this.options;
    const link = traces && linkIn(request.headers, traces.propagators);
    const answer = await this.answerOfOwner(path, result.webhook, link);
    if (answer === undefined) send(response, 204, undefined, '');
    else send(response, 200, 'text/xml; charset=utf-8', answer);
  }

  /** Returns the TwiML for a webhook that this or another process has checked. `undefined` for an empty answer. */
  async answer(path: string, form: URLSearchParams, link?: SpanPlace): Promise<string | undefined> {
    const { around, traces } = this.options;
    const here = (): Promise<string | undefined> => this.answerHere(path, form);
    const answer = around === undefined ? here : (): Promise<string | undefined> => around(path, form, here);
    if (traces === undefined) return answer();
    return traces.of.webhook({ callSid: callOf(path, webhookOf(form)), link, route: path }, answer);
  }

  private async answerHere(path: string, form: URLSearchParams): Promise<string | undefined> {
    const handler = this.handlers.get(path);
    const verbs = handler === undefined ? [] : await this.answerOf(path, handler, webhookOf(form));
    return verbs === undefined ? undefined : twiml(verbs);
  }

  /** Whether this process would answer the webhook. `false` only for a new call that it would refuse. */
  hasRoomFor(path: string, form: URLSearchParams): boolean {
    return path !== PATHS.voice || this.options.calls.hasRoomFor(webhookOf(form));
  }

  /** Returns the answer of the process that has the call. If no process has it, this one answers. */
  private async answerOfOwner(
    path: string,
    webhook: VoiceWebhook,
    link: SpanPlace | undefined,
  ): Promise<string | undefined> {
    const { calls, peers } = this.options;
    const callSid = callOf(path, webhook);
    if (peers !== undefined && !calls.has(callSid)) {
      const answer = await peers.answer(path, callSid, webhook, this.hasRoomFor(path, webhook.form), link);
      if (answer.by === 'peer') return answer.twiml;
    }
    return this.answer(path, webhook.form, link);
  }

  /**
   * Answers with a transfer to a human if the handler fails. Otherwise Twilio would play an error and hang up. On the called leg of a
   * dial that human is there already.
   */
  private async answerOf(
    path: string,
    handler: WebhookHandler,
    webhook: VoiceWebhook,
  ): Promise<readonly Verb[] | undefined> {
    const { calls, log, traces } = this.options;
    try {
      return await handler(webhook);
    } catch (error) {
      const callSid = callOf(path, webhook);
      traces?.of.failed(callSid);
      if (LEG_PATHS.has(path)) {
        log.error({ err: error, call_sid: callSid }, 'webhook of a called leg failed; the two are joined at once');
        return [];
      }
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

function outboundHandlers(outbound: OutboundWebhooks): [string, WebhookHandler][] {
  return [
    [PATHS.outbound, (webhook) => outbound.onAnswered(webhook)],
    [PATHS.outboundStatus, (webhook) => outbound.onStatus(webhook)],
    [PATHS.outboundMachine, (webhook) => outbound.onMachine(webhook)],
  ];
}

/** Returns the CallSid of the caller's call. */
function callOf(path: string, { callSid, parentCallSid }: VoiceWebhook): string {
  return LEG_PATHS.has(path) ? (parentCallSid ?? callSid) : callSid;
}
