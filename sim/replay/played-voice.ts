import type { LineSpeaker } from '../../src/speech/engine.js';
import { textOf, type Message, type TapedVoice } from '../../src/tape/format.js';
import { ABILITIES, readEvent } from '../../src/tape/taped-voice.js';
import type { VoiceProvider, VoiceSession, VoiceSessionOptions } from '../../src/voice/session.js';
import { errorOf } from './played-socket.js';
import type { Score } from './score.js';

/** A provider whose sessions say what the tape holds. */
export function playedProvider(voice: TapedVoice, score: Score): VoiceProvider {
  const { answerWithinMs, name, renewal, turnWaitMs } = voice;
  return {
    name,
    ...(renewal === undefined ? {} : { renewal }),
    ...(answerWithinMs === undefined ? {} : { answerWithinMs: answerWithinMs ?? Number.POSITIVE_INFINITY }),
    ...(turnWaitMs === undefined ? {} : { turnWaitMs }),
    prepare: () => Promise.resolve(),
    open: (options) => playedSession(name, options, score),
    close: () => Promise.resolve(),
  };
}

function playedSession(provider: string, { listener }: VoiceSessionOptions, score: Score): VoiceSession {
  const session: VoiceSession = {
    sendAudio: () => undefined,
    sendText: () => undefined,
    sendDigits: () => undefined,
    say: () => undefined,
    cancel: () => undefined,
    reportHeard: () => undefined,
    sendToolResult: () => undefined,
    close: () => undefined,
  };
  score.join(
    `voice ${provider}`,
    (m) => {
      if ('event' in m) listener(readEvent(m['event'] as Message));
    },
    (first) => {
      const number = textOf(first['session']);
      const can = (first['can'] ?? []) as readonly string[];
      const abilities: Record<(typeof ABILITIES)[number], unknown> = {
        callerIsQuiet: () => undefined,
        expectsNothing: () => undefined,
        render: () =>
          score.answer(`session ${number} render`, (audio) => Buffer.from(textOf(audio), 'base64'), errorOf),
        summarize: () => score.answer(`session ${number} summarize`, (text) => textOf(text), errorOf),
      };
      for (const ability of ABILITIES)
        if (can.includes(ability)) Object.assign(session, { [ability]: abilities[ability] });
    },
  );
  return session;
}

/** The synthesiser of the gateway's own lines. */
export function playedSpeaker(score: Score): LineSpeaker {
  return {
    speak: (text) =>
      score.answer(
        `line ${text}`,
        (answer) => Buffer.from((answer as { base64: string } | undefined)?.base64 ?? '', 'base64'),
        errorOf,
      ),
    keep: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
