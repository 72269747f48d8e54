import { AudioChunk, TELEPHONE_RATE_HZ } from '../audio/chunk.js';
import { type ErrorCode, TandemError } from '../base/errors.js';
import type { LineSpeaker } from '../speech/engine.js';
import type { VoiceEvent, VoiceProvider, VoiceSession, VoiceSessionOptions } from '../voice/session.js';
import type { CallTape } from './call-tape.js';
import type { Json, Message, TapedVoice } from './format.js';
import { callTapeHere, tapedCall } from './taped-calls.js';

// Tapes voices without a wire: the embedded one, whose recognition takes a time of its own, and those of extensions.

/** What a session can do beside what every session can. */
export const ABILITIES = ['callerIsQuiet', 'expectsNothing', 'render', 'summarize'] as const;

/** Returns the provider with every session of a taped call on the tape. */
export class TapedProvider implements VoiceProvider {
  readonly name: string;
  private readonly provider: VoiceProvider;

  constructor(provider: VoiceProvider) {
    this.name = provider.name;
    this.provider = provider;
  }

  get renewal(): VoiceProvider['renewal'] {
    return this.provider.renewal;
  }

  get answerWithinMs(): VoiceProvider['answerWithinMs'] {
    return this.provider.answerWithinMs;
  }

  get turnWaitMs(): VoiceProvider['turnWaitMs'] {
    return this.provider.turnWaitMs;
  }

  get isFull(): boolean {
    return this.provider.isFull ?? false;
  }

  /** What a replay needs to know of the provider. */
  get described(): TapedVoice {
    const { answerWithinMs, name, renewal, turnWaitMs } = this.provider;
    return {
      name,
      ...(renewal === undefined ? {} : { renewal: { ...renewal } }),
      ...(answerWithinMs === undefined
        ? {}
        : { answerWithinMs: Number.isFinite(answerWithinMs) ? answerWithinMs : null }),
      ...(turnWaitMs === undefined ? {} : { turnWaitMs }),
    };
  }

  prepare(): Promise<void> {
    return this.provider.prepare();
  }

  open(options: VoiceSessionOptions): VoiceSession {
    const tape = callTapeHere();
    return tape === undefined ? this.provider.open(options) : openTaped(this.provider, options, tape);
  }

  close(): Promise<void> {
    return this.provider.close();
  }
}

function openTaped(provider: VoiceProvider, options: VoiceSessionOptions, tape: CallTape): VoiceSession {
  const name = { session: tape.number('session') };
  const { answersLast, greeting } = options;
  tape.opened();
  let isOpen = true;
  const done = (): void => {
    if (isOpen) tape.closed();
    isOpen = false;
  };
  tape.output('voice', { ...name, provider: provider.name, open: { answersLast, greeting: greeting ?? null } });
  const session = provider.open({
    ...options,
    listener: (event) => {
      if (event.type === 'failed' || event.type === 'ended') done();
      tape.input('voice', { ...name, event: writtenEvent(event) }, () => options.listener(event));
    },
  });
  const abilities = ABILITIES.filter((ability) => session[ability] !== undefined);
  tape.input('voice', { ...name, can: abilities }, () => undefined);
  return tapedSession(session, { tape, name, done });
}

/** The methods of a session, as far as the tape holds them. The caller's audio is on the leg of the carrier. */
function tapedSession(
  session: VoiceSession,
  { done, name, tape }: { tape: CallTape; name: Message; done: () => void },
): VoiceSession {
  const out = (method: string, ...args: Json[]): void => tape.output('voice', { ...name, [method]: args });
  return {
    get speaker() {
      return session.speaker;
    },
    get callerWaitsMs() {
      return session.callerWaitsMs ?? 0;
    },
    sendAudio: (chunk) => session.sendAudio(chunk),
    sendText: (text) => {
      out('sendText', text);
      session.sendText(text);
    },
    sendDigits: (digits) => {
      out('sendDigits', digits);
      session.sendDigits(digits);
    },
    say: (text, sayId) => {
      out('say', text, sayId);
      session.say(text, sayId);
    },
    cancel: () => {
      out('cancel');
      session.cancel();
    },
    reportHeard: (items) => {
      out('reportHeard', ...items.map(({ heardMs, itemId, sentMs }) => ({ itemId, heardMs, sentMs })));
      session.reportHeard(items);
    },
    sendToolResult: (toolCallId, output) => {
      out('sendToolResult', toolCallId, (output ?? null) as Json);
      session.sendToolResult(toolCallId, output);
    },
    close: () => {
      out('close');
      done();
      session.close();
    },
    ...(session.expectsNothing === undefined
      ? {}
      : {
          expectsNothing: () => {
            out('expectsNothing');
            session.expectsNothing?.();
          },
        }),
    get callerIsQuiet() {
      const { callerIsQuiet } = session;
      if (callerIsQuiet === undefined) return undefined;
      return () => {
        out('callerIsQuiet');
        callerIsQuiet.call(session);
      };
    },
    get render() {
      const { render } = session;
      if (render === undefined) return undefined;
      return (text: string) =>
        tapedCall({
          leg: 'voice',
          m: { ...name, render: text },
          ask: () => render.call(session, text),
          answerOf: (mulaw) => Buffer.from(mulaw).toString('base64'),
        });
    },
    get summarize() {
      const { summarize } = session;
      if (summarize === undefined) return undefined;
      return (request: Parameters<NonNullable<VoiceSession['summarize']>>[0]) =>
        tapedCall({ leg: 'voice', m: { ...name, summarize: true }, ask: () => summarize.call(session, request) });
    },
  };
}

/** Returns the synthesiser of the gateway's own lines, with every line of a taped call on the tape. */
export function tapedSpeaker(speaker: LineSpeaker): LineSpeaker {
  return {
    speak: (text, language) =>
      tapedCall({
        leg: 'voice',
        m: { line: text, language: language ?? 'en' },
        ask: () => speaker.speak(text, language),
        answerOf: (mulaw) => ({ base64: Buffer.from(mulaw).toString('base64') }),
      }),
    keep: (lines) => speaker.keep(lines),
    close: () => speaker.close(),
  };
}

export function writtenEvent(event: VoiceEvent): Message {
  if (event.type === 'audio') {
    const { chunk, ...rest } = event;
    return { ...rest, audio: chunk.base64 };
  }
  if (event.type === 'failed') {
    const { code, what } = event.error;
    return { type: 'failed', error: { tandem: code, what } };
  }
  return { ...event } as unknown as Message;
}

export function readEvent(message: Message): VoiceEvent {
  if (message['type'] === 'audio') {
    const { audio, ...rest } = message as { audio: string };
    return { ...rest, chunk: AudioChunk.fromBase64('mulaw', TELEPHONE_RATE_HZ, audio) } as unknown as VoiceEvent;
  }
  if (message['type'] === 'failed') {
    const { tandem, what } = message['error'] as { tandem: ErrorCode; what: string };
    return { type: 'failed', error: new TandemError(tandem, what) };
  }
  return message as unknown as VoiceEvent;
}
