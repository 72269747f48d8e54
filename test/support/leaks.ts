import type { CarrierCall } from '../../sim/twilio/carrier-call.js';
import type { Element } from '../../sim/twilio/twiml.js';
import { tokenKey } from '../../src/handover/token.js';
import type { VoiceEvent } from '../../src/voice/session.js';

// For every rig: the search for private values in logs, metrics and consoles.

/** What no log, metric or console may hold, at any level. */
export type LeakKind = 'secret' | 'handover token' | 'stream token' | 'caller number' | 'keys' | 'customer' | 'words';

export interface Leak {
  kind: LeakKind;
  /** The output that holds it: the log, the metrics or the Lambda's console. */
  where: string;
  line: string;
}

/** Names of settings whose values are secrets. */
const SECRET_SETTING = /TOKEN|KEY|SECRET|PEPPER|PASSWORD/;
/** Minimum number of words in a row that tell something of a conversation. Fewer are in every sentence. */
const TELLING_WORDS = 4;
const SHORTEST_SECRET = 6;
/** What the screen shows in place of a name, and what many labels of metrics say. */
const NO_NAME = 'unknown';
/** Minimum number of keys to look for. A shorter number is in the log for other reasons. */
const SHORTEST_KEYS = 5;
const TOKEN = /\d{10}/g;
const WORD = /[\p{L}\p{N}']+/gu;
/** Digits as people and machines group them. */
const GROUPED_DIGITS = /\d[\d ().-]{5,}\d/g;

/**
 * Learns during a run what logs, metrics and consoles must not hold, and looks for it at the end. Each rig checks it on
 * closing, so that no suite can forget to.
 */
export class LeakWatch {
  private readonly values = new Map<string, LeakKind>();
  private readonly phrases = new Set<string>();
  private readonly written: { where: string; text: string }[] = [];
  private readonly peppers: string[] = [];

  /** Learns every secret in the environment of the process under test. */
  settings(env: Readonly<Record<string, string | undefined>>): void {
    for (const [name, value] of Object.entries(env)) {
      if (value === undefined) continue;
      if (name === 'HANDOVER_TOKEN_PEPPER') this.peppers.push(value);
      if (SECRET_SETTING.test(name)) for (const one of value.split(',')) this.secret(one.trim());
      if (URL.canParse(value)) this.secret(decodeURIComponent(new URL(value).password));
    }
  }

  secret(value: string): void {
    if (value.length >= SHORTEST_SECRET) this.values.set(value, 'secret');
  }

  /** Learns what the carrier knows of a call: its number, its keys, and the tokens in the TwiML. */
  follow(call: CarrierCall): void {
    this.number(call.isOutgoing ? call.options.to : call.options.from);
    call.on('twiml', (_request, verbs) => this.twiml(verbs));
    let keys = '';
    call.on('key', (digit) => {
      keys = /\d/.test(digit) ? keys + digit : '';
      if (keys.length >= SHORTEST_KEYS) this.values.set(keys, 'keys');
    });
  }

  /** Learns a caller's number, without the country code, as people write it. */
  number(phoneNumber: string): void {
    const digits = phoneNumber.replace(/\D/g, '');
    if (digits.length >= 7) this.values.set(digits.slice(-10), 'caller number');
  }

  token(token: string): void {
    this.values.set(token, 'handover token');
    // The token's key leads to the record, and anyone who can read the table would find it.
    for (const pepper of this.peppers) this.values.set(tokenKey(pepper, token), 'handover token');
  }

  /** Learns words that were said, or a summary of them. */
  said(text: string): void {
    for (const phrase of phrasesOf(text)) this.phrases.add(phrase);
  }

  /** Learns the words in a voice session's events. */
  heard(events: readonly VoiceEvent[]): void {
    for (const event of events) {
      if (event.type === 'assistant-text' || event.type === 'caller-text') this.said(event.text);
    }
  }

  /** Learns what an agent's screen showed of a caller. */
  shown(attributes: Readonly<Record<string, string>>): void {
    const { customer_name: name = '', customer_phone: phone = '', summary = '' } = attributes;
    if (name.length >= SHORTEST_SECRET && name !== NO_NAME) this.values.set(name, 'customer');
    this.number(phone);
    this.said(summary);
  }

  wrote(where: string, text: string): void {
    this.written.push({ where, text });
  }

  /** @throws Error that shows every line with something private in it */
  check(): void {
    const leaks = this.find();
    if (leaks.length === 0) return;
    const shown = leaks.map(({ kind, line, where }) => `${kind} in ${where}: ${line.trim().slice(0, 500)}`);
    throw new Error(`Something private was written down.\n${shown.join('\n')}`);
  }

  find(): Leak[] {
    return this.written.flatMap(({ where, text }) =>
      text.split('\n').flatMap((line) => this.kindsIn(line).map((kind) => ({ kind, where, line }))),
    );
  }

  private kindsIn(line: string): LeakKind[] {
    if (line === '') return [];
    const kinds = new Set<LeakKind>();
    // A log line holds a value as JSON writes it. A number may also be there with its digits grouped.
    const texts = [line, line.replaceAll(/\\(["\\/])/g, '$1'), ...digitRunsOf(line)];
    for (const [value, kind] of this.values) {
      const isThere = kind === 'keys' ? standsAlone(line, value) : texts.some((text) => text.includes(value));
      if (isThere) kinds.add(kind);
    }
    if (phrasesIn(line).some((phrase) => this.phrases.has(phrase))) kinds.add('words');
    return [...kinds];
  }

  private twiml(elements: readonly Element[]): void {
    for (const { attributes, children, name } of elements) {
      if (name === 'Play') for (const [token] of (attributes['digits'] ?? '').matchAll(TOKEN)) this.token(token);
      const { value = '' } = attributes;
      if (name === 'Parameter' && attributes['name'] === 'token') this.values.set(value, 'stream token');
      this.twiml(children);
    }
  }
}

/** The phrases of lines that every rig writes, its metrics. To find them costs more than to look them up. */
const phrasesOfLines = new Map<string, readonly string[]>();
/** More lines than the metrics of a rig have. */
const MAX_LINES = 10_000;

function phrasesIn(line: string): readonly string[] {
  const known = phrasesOfLines.get(line);
  if (known !== undefined) return known;
  const phrases = phrasesOf(line);
  // A line of a log has the time in it, and does not come again.
  if (!line.startsWith('{') && phrasesOfLines.size < MAX_LINES) phrasesOfLines.set(line, phrases);
  return phrases;
}

function phrasesOf(text: string): string[] {
  const words = text.toLowerCase().match(WORD) ?? [];
  return words
    .slice(0, Math.max(0, words.length - TELLING_WORDS + 1))
    .map((_, at) => words.slice(at, at + TELLING_WORDS).join(' '));
}

function digitRunsOf(line: string): string[] {
  return (line.match(GROUPED_DIGITS) ?? []).map((run) => run.replace(/\D/g, ''));
}

/** Whether `line` holds `digits` as a number of their own. */
function standsAlone(line: string, digits: string): boolean {
  return new RegExp(`(?<![\\d.])${digits}(?![\\d.])`).test(line);
}
