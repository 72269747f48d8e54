import { choiceIn } from '../../handover/briefing.js';
import type { Verb } from '../../twilio/twiml.js';
import type { BriefingKey } from '../call-state.js';
import { PATHS } from '../paths.js';

/** How long Twilio waits for a key after the last word. A voicemail presses none. */
const KEY_SECONDS = 5;

export interface BriefingVoice {
  /** BCP 47 tag of the language that the person speaks. */
  language: string;
  url: (scheme: 'https', path: string) => string;
}

/** Returns what Twilio does on the called leg alone: says who calls, and waits for a key. The leg ends without one. */
export function briefingVerbs(words: string, voice: BriefingVoice): readonly Verb[] {
  return askFor([words], PATHS.briefingKey, voice);
}

/** Returns what a key means. `unclear` asks for another one, and only a first key can be that. */
export function keyOf(digits: string, which: 'first' | 'last'): BriefingKey | 'unclear' {
  if (digits === '') return 'no_key';
  if (digits === '2') return 'declined';
  // Whatever the key is the second time, a person has pressed it, and a caller waits.
  return digits === '1' || which === 'last' ? 'taken' : 'unclear';
}

/** Returns what Twilio does on the called leg once a key is known. An empty answer joins the two. */
export function answerToKey(key: BriefingKey | 'unclear', voice: BriefingVoice): readonly Verb[] {
  if (key === 'unclear') return askFor([], PATHS.briefingKeyAgain, voice);
  return key === 'taken' ? [] : [{ verb: 'hangup' }];
}

function askFor(texts: readonly string[], path: string, { language, url }: BriefingVoice): readonly Verb[] {
  const gather = {
    action: url('https', path),
    texts: [...texts, choiceIn(language)],
    language,
    timeoutSeconds: KEY_SECONDS,
  };
  return [
    { verb: 'gather', gather },
    // For the case that Twilio does not request the action without a key.
    { verb: 'hangup' },
  ];
}
