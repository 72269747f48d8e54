import { sayLanguage } from './say-language.js';

// Builds the TwiML the gateway answers with. Twilio's verbs and attributes are case-sensitive.

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

export interface StreamOptions {
  /** `wss://…` without a query string, because Twilio strips it. */
  url: string;
  statusCallback: string;
  parameters: Readonly<Record<string, string>>;
}

export interface DialOptions {
  number: string;
  callerId: string | undefined;
  timeoutSeconds: number;
  action: string;
  /** Requested for TwiML that only the called leg hears, after it answers and before the legs are bridged. */
  whisperUrl: string | undefined;
  statusCallback: string;
}

export interface RecordOptions {
  action: string;
  /**
   * Requested when the recording is available. Separate from `action`, which is requested when the caller has finished.
   */
  statusCallback: string;
  maxSeconds: number;
}

export interface GatherOptions {
  /** Requested with the key in `Digits`, which is empty if none was pressed. */
  action: string;
  /** What is said. Any key ends it. */
  texts: readonly string[];
  language: string;
  /** How long Twilio waits for a key after that. */
  timeoutSeconds: number;
}

export type Verb =
  | { verb: 'say'; text: string; language: string }
  | { verb: 'connect-stream'; action: string; stream: StreamOptions }
  | { verb: 'dial'; dial: DialOptions }
  /** Waits for one key. */
  | { verb: 'gather'; gather: GatherOptions }
  | { verb: 'play-digits'; digits: string }
  /** The verbs after it run only if nothing was recorded. */
  | { verb: 'record'; record: RecordOptions }
  | { verb: 'pause'; seconds: number }
  | { verb: 'redirect'; url: string }
  /** Works only as the first verb of a call that was not answered; then Twilio charges nothing (Twilio: TwiML <Reject>). */
  | { verb: 'reject' }
  | { verb: 'hangup' };

/** Returns a complete document, ready to send as `text/xml`. */
export function twiml(verbs: readonly Verb[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?><Response>${verbs.map(verbXml).join('')}</Response>`;
}

function verbXml(verb: Verb): string {
  switch (verb.verb) {
    case 'say':
      return sayXml(verb.text, verb.language);
    case 'connect-stream':
      return element('Connect', { action: verb.action, method: 'POST' }, streamXml(verb.stream));
    case 'dial':
      return dialXml(verb.dial);
    case 'gather':
      return gatherXml(verb.gather);
    case 'play-digits':
      return element('Play', { digits: verb.digits });
    case 'record':
      return recordXml(verb.record);
    case 'pause':
      return element('Pause', { length: String(verb.seconds) });
    case 'redirect':
      return element('Redirect', { method: 'POST' }, escape(verb.url));
    case 'reject':
      return element('Reject', { reason: 'rejected' });
    case 'hangup':
      return element('Hangup', {});
  }
}

function sayXml(text: string, language: string): string {
  return element('Say', { language: sayLanguage(language) }, escape(text));
}

function gatherXml({ action, language, texts, timeoutSeconds }: GatherOptions): string {
  const attributes = {
    input: 'dtmf',
    numDigits: '1',
    // Otherwise a hash would end the waiting without being a key.
    finishOnKey: '',
    timeout: String(timeoutSeconds),
    actionOnEmptyResult: 'true',
    action,
    method: 'POST',
  };
  return element('Gather', attributes, texts.map((text) => sayXml(text, language)).join(''));
}

function streamXml(stream: StreamOptions): string {
  const parameters = Object.entries(stream.parameters).map(([name, value]) => element('Parameter', { name, value }));
  const attributes = { url: stream.url, statusCallback: stream.statusCallback, statusCallbackMethod: 'POST' };
  return element('Stream', attributes, parameters.join(''));
}

function dialXml(dial: DialOptions): string {
  const number = element(
    'Number',
    {
      url: dial.whisperUrl,
      method: dial.whisperUrl === undefined ? undefined : 'POST',
      statusCallback: dial.statusCallback,
      statusCallbackEvent: 'initiated ringing answered completed',
      statusCallbackMethod: 'POST',
    },
    escape(dial.number),
  );
  return element(
    'Dial',
    {
      callerId: dial.callerId,
      timeout: String(dial.timeoutSeconds),
      answerOnBridge: 'true',
      action: dial.action,
      method: 'POST',
    },
    number,
  );
}

function recordXml({ action, maxSeconds, statusCallback }: RecordOptions): string {
  return element('Record', {
    action,
    method: 'POST',
    maxLength: String(maxSeconds),
    timeout: '5',
    // By default any key ends a recording; a cheek on the keypad should not.
    finishOnKey: '#',
    recordingStatusCallback: statusCallback,
    recordingStatusCallbackMethod: 'POST',
    recordingStatusCallbackEvent: 'completed',
  });
}

function element(name: string, attributes: Record<string, string | undefined>, content = ''): string {
  const written = Object.entries(attributes)
    .filter((entry): entry is [string, string] => entry[1] !== undefined)
    .map(([key, value]) => ` ${key}="${escape(value)}"`)
    .join('');
  return content === '' ? `<${name}${written}/>` : `<${name}${written}>${content}</${name}>`;
}

function escape(text: string): string {
  // XML 1.0 allows neither control characters nor these two noncharacters, escaped or not.
  const allowed = text.replace(/(?![\t\n\r])[\p{Cc}\ufffe\uffff]/gu, '');
  return allowed.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);
}
