import type { CallScript, CarrierCall, ScriptSource } from './carrier-call.js';
import { dial } from './dial.js';
import type { Fields } from './fields.js';
import { Lifetime } from './lifetime.js';
import type { ProblemCode } from './problems.js';
import { record } from './record.js';
import { runStream } from './stream-verb.js';
import { FRAME_BYTES, FRAME_MS } from './ticker.js';
import { areDigits, playTones } from './tones.js';
import { type Element, parseTwiml } from './twiml.js';
import type { DocumentAnswer, VerbContext } from './verb-context.js';
import type { WebhookMethod } from './webhook-client.js';

type Outcome = 'next' | 'stop';

/** Duration of `<Say>` without a synthesizer: about fifteen characters a second. */
export const SAY_MS_PER_CHARACTER = 65;
/** Twilio: Webhooks – content types of TwiML. Any other is error 12300. */
const TWIML_TYPES = ['text/xml', 'application/xml'];

/** Runs TwiML on a call. A call has one script at a time. A change over REST ends it and starts another. */
export class Script implements CallScript, VerbContext {
  readonly call: CarrierCall;
  readonly life: Lifetime;
  /** Streams that are still closing after this script was abandoned. */
  readonly closing: Promise<void>[] = [];
  /** URL of the document that is running. Relative URLs in it are resolved against this. */
  private base: string;

  constructor(call: CarrierCall) {
    this.call = call;
    this.base = call.options.voiceUrl;
    this.life = new Lifetime(call.carrier.clock, call.carrier.speed);
  }

  /** Ends the script. Resolves when its stream is closed. */
  async abandon(): Promise<void> {
    this.life.end();
    await Promise.all(this.closing);
  }

  async run(source: ScriptSource): Promise<void> {
    if (this.life.isOver) return;
    if ('url' in source) return this.continueAt(source.url, source.method, {});
    const parsed = this.parse(source.twiml, 'REST');
    if ('code' in parsed) return this.fallBack(parsed.code, parsed.what, '');
    return this.runVerbs(parsed.verbs);
  }

  /** How long `<Say>` takes without a synthesizer. */
  sayingMs(text: string): number {
    return text.length * SAY_MS_PER_CHARACTER;
  }

  /** Requests a TwiML document. */
  async document(request: { url: string; method?: string | undefined; fields: Fields }): Promise<DocumentAnswer> {
    const { fields, method } = request;
    const url = this.absolute(request.url);
    if (url === undefined) return { code: 11200, what: 'the URL is malformed' };
    const answer = await this.call.carrier.webhooks.request({ url, method: methodOf(method), fields });
    if (this.life.isOver) return { verbs: [] };
    if (!answer.ok) return { code: answer.code ?? 11200, what: answer.what };
    if (answer.status < 200 || answer.status > 299) return { code: 11200, what: `HTTP ${answer.status}` };
    if (!TWIML_TYPES.includes(answer.contentType))
      return { code: 12300, what: `the content type is ${answer.contentType || 'missing'}` };
    return this.parse(answer.body, new URL(url).pathname);
  }

  private parse(body: string, origin: string): DocumentAnswer {
    const parsed = parseTwiml(body);
    if ('failed' in parsed) return parsed.failed;
    for (const { code, what } of parsed.problems) this.call.emit('problem', code, what);
    this.call.emit('twiml', origin, parsed.verbs);
    return parsed;
  }

  private async continueAt(url: string, method: string | undefined, more: Fields): Promise<void> {
    const answer = await this.document({ url, method, fields: this.call.fields(more) });
    if (this.life.isOver) return;
    const from = this.absolute(url) ?? url;
    if ('code' in answer) return this.fallBack(answer.code, answer.what, from);
    this.base = from;
    await this.runVerbs(answer.verbs);
  }

  /** Resolves a URL of the document that is running. `undefined` if it is not an HTTP URL. */
  private absolute(url: string): string | undefined {
    if (!URL.canParse(url, this.base)) return undefined;
    const absolute = new URL(url, this.base);
    return /^https?:$/.test(absolute.protocol) ? absolute.href : undefined;
  }

  /**
   * Replaces a document that cannot be fetched or parsed with the number's fallback (Twilio: phone numbers – fallback
   * URL).
   */
  private async fallBack(code: ProblemCode, what: string, url: string): Promise<void> {
    const { call } = this;
    call.emit('problem', code, what);
    const { fallbackMethod, fallbackUrl } = call.options;
    if (fallbackUrl === undefined) return call.end('error');
    const fields = call.fields({ ErrorCode: String(code), ErrorUrl: url });
    const answer = await this.document({ url: fallbackUrl, method: fallbackMethod, fields });
    if (this.life.isOver) return;
    if ('code' in answer) {
      call.emit('problem', answer.code, answer.what);
      call.end('error');
      return;
    }
    this.base = fallbackUrl;
    await this.runVerbs(answer.verbs);
  }

  private async runVerbs(verbs: readonly Element[]): Promise<void> {
    for (const verb of verbs) {
      if (this.life.isOver) return;
      if ((await this.runVerb(verb)) === 'stop') return;
    }
    if (!this.life.isOver) this.call.end('no-more-twiml');
  }

  private async runVerb(verb: Element): Promise<Outcome> {
    const { call, life } = this;
    const { attributes } = verb;
    switch (verb.name) {
      // These verbs do not answer a ringing call. Dial decides for itself.
      case 'Reject':
        if (!call.isRinging) return 'next';
        call.end(attributes['reason'] === 'busy' ? 'busy' : 'rejected');
        return 'stop';
      case 'Pause':
        await life.pass(Number(attributes['length'] ?? '1') * 1000);
        return 'next';
      case 'Redirect':
        await this.continueAt(verb.text, attributes['method'], {});
        return 'stop';
      case 'Dial':
        return this.afterAction(verb, await dial(this, verb));
      default:
        call.answer();
    }
    switch (verb.name) {
      case 'Say':
        await this.say(verb.text);
        return 'next';
      case 'Play':
        await this.play(attributes['digits'] ?? '');
        return 'next';
      case 'Record': {
        const fields = await record(this, verb);
        // Twilio: Record – an empty recording is not reported, and the next verb runs.
        return fields === undefined ? 'next' : this.afterAction(withOwnAction(verb, this.base), fields);
      }
      case 'Hangup':
        call.end('gateway-hung-up');
        return 'stop';
      case 'Gather':
        call.emit('problem', 12200, '<Gather> is simulated on a called leg only');
        return 'next';
      case 'Connect': {
        const [stream] = verb.children;
        if (stream === undefined) return 'next';
        await runStream(this, stream);
        return this.afterAction(verb, {});
      }
      default:
        return 'next';
    }
  }

  /** Requests the action URL if the verb has one, and then skips the verbs after it. Without one the next verb runs. */
  private async afterAction(verb: Element, fields: Fields): Promise<Outcome> {
    const { action, method } = verb.attributes;
    if (!this.life.isOver) {
      if (action === undefined) return 'next';
      await this.continueAt(action, method, fields);
      return 'stop';
    }
    // After a hang-up the action URL is still requested, and its answer ignored. After a change over REST it is not.
    if (action !== undefined && this.call.isOver)
      await this.document({ url: action, method, fields: this.call.fields(fields) });
    return 'stop';
  }

  private async say(text: string): Promise<void> {
    const { call, life } = this;
    call.emit('say', text);
    const audio = await call.carrier.options.synthesize?.(text);
    if (audio === undefined) {
      await life.pass(this.sayingMs(text));
      return;
    }
    const startedMs = call.carrier.clock.now();
    for (let at = 0; at < audio.length && !life.isOver; at += FRAME_BYTES) {
      call.emit('heard', audio.subarray(at, at + FRAME_BYTES));
      const playedMs = (at / FRAME_BYTES + 1) * FRAME_MS;
      await life.pass(playedMs - (call.carrier.clock.now() - startedMs) * call.carrier.speed);
    }
  }

  private async play(digits: string): Promise<void> {
    if (!areDigits(digits)) this.call.emit('problem', 12200, 'digits are not valid');
    else await playTones(this.life, digits, (digit) => this.call.emit('tone', digit));
  }
}

/** Twilio: Record – without an action the current document is requested again. */
function withOwnAction(verb: Element, base: string): Element {
  return { ...verb, attributes: { action: base, ...verb.attributes } };
}

function methodOf(method: string | undefined): WebhookMethod {
  return method === 'GET' ? 'GET' : 'POST';
}
