/** What a caller can ask the built-in dialog. */
export type Intent = 'hours' | 'order' | 'address' | 'returns' | 'prices' | 'repeat' | 'thanks' | 'greeting';

/**
 * Some patterns include typical recognition errors over a telephone, such as "ours" for hours and "prize" for price.
 */
const TOPICS: readonly (readonly [intent: Intent, pattern: RegExp])[] = [
  [
    'returns',
    /\b(?:returns?|returned|returning|refund\w*|money back|send (?:it|this|them|that|something) back|exchange|give (?:it|this|that) back)\b/g,
  ],
  [
    'hours',
    /\b(?:open(?:ing|ed|s)?|hours?|opening ours|closed?|closes|closing|what days?|(?:saturday|sunday|weekend)s?)\b/g,
  ],
  ['prices', /\b(?:prices?|priced|prize|prizes|pricing|how much|costs?|charges?|expensive|fees?)\b/g],
  [
    'order',
    /\b(?:orders?|ordered|parcels?|packages?|deliver(?:y|ed|ies)?|shipping|shipments?|shipped|tracking|track)\b/g,
  ],
  [
    'address',
    /\b(?:address(?:es)?|located|locations?|directions?|where (?:are|is) (?:you|your|the) ?(?:shop|store|office)?|where can i (?:find|visit|see) you|find you|get to you|parking)\b/g,
  ],
];

const SMALL_TALK: readonly (readonly [intent: Intent, pattern: RegExp])[] = [
  [
    'repeat',
    /\b(?:repeat|again|say that|once more|pardon|what did you say|didn't (?:hear|catch|get) (?:that|you)|did not (?:hear|catch|get) (?:that|you)|come again|slower)\b/,
  ],
  ['thanks', /\b(?:thanks?|thank you|thank|cheers|great|perfect|wonderful|that helps?|that's helpful)\b/],
  [
    'greeting',
    /\b(?:hello|hallo|hi|hey|good (?:morning|afternoon|evening|day)|how are you|anybody there|are you there)\b/,
  ],
];

const GOODBYE =
  /\b(?:good ?bye?|good buy|bye|by by|see you|so long|farewell|hang up|that(?:'s| is| was| will be|'ll be) (?:all|it|everything)|nothing else|i(?:'m| am) (?:done|finished)|have a (?:nice|good|great) (?:day|one|evening))\b/;

/** Matches words that negate the topic after them, with a few words between. */
const NEGATION =
  /(?:\b(?:don't|do not|didn't|did not|isn't|is not|wasn't|was not|i'm not|am not|not) (?:\w+ ){0,2}?(?:want|need|mean|ask(?:ing)?|care|looking|interested|about|calling|talking)|\bnot(?= (?:the|my|your|a|an|about|for) )|\bforget|\bno(?= ?$)|\bnot(?= ?$)) ?(?:\w+ ){0,4}$/;

const NO =
  /^(?:(?:no|nope|nah|not|never mind|nothing|i don't|i do not|don't|really|now|have|it|thanks|thank|you|one|today|at the moment|sorry|well|uh|um)(?: |$))+$/;
const YES = /\b(?:yes|yeah|yep|yup|sure|of course|okay|ok|right|correct|please|go on|go ahead|i do|exactly)\b/;

/** Returns the topic that the caller means. `negated` is true if they named only topics that they do not mean. */
export function intentOf(said: string): { intent: Intent | undefined; negated: boolean } {
  let negated = false;
  for (const clause of clausesOf(said)) {
    const meant = topicsIn(clause);
    const found = meant.find((topic) => !topic.negated);
    if (found !== undefined) return { intent: found.intent, negated: false };
    if (meant.length > 0) negated = true;
  }
  if (negated) return { intent: undefined, negated };
  const whole = normalised(said);
  if (isNo(said)) return { intent: undefined, negated };
  return { intent: SMALL_TALK.find(([, pattern]) => pattern.test(whole))?.[0], negated };
}

/** Whether the caller says goodbye at the end. "Before I say goodbye, one question" does not count. */
export function ended(said: string): boolean {
  const last = clausesOf(said).at(-1);
  return last !== undefined && GOODBYE.test(last) && topicsIn(last).length === 0;
}

export function isNo(said: string): boolean {
  const text = normalised(said);
  return /\b(?:no|nope|nah|not|never mind|nothing|don't)\b/.test(text) && NO.test(text);
}

export function isYes(said: string): boolean {
  return YES.test(normalised(said));
}

interface Mention {
  intent: Intent;
  negated: boolean;
}

/** Returns the topics that a clause names, in the order of {@link TOPICS}. */
function topicsIn(clause: string): Mention[] {
  const hits = TOPICS.flatMap(([intent, pattern], rank) =>
    [...clause.matchAll(pattern)].map((match) => ({
      intent,
      rank,
      from: match.index,
      to: match.index + match[0].length,
    })),
  ).sort((a, b) => a.from - b.from);
  const mentions: (Mention & { rank: number })[] = [];
  let end = 0;
  for (const hit of hits) {
    const before = clause.slice(end, hit.from);
    const previous = mentions.at(-1);
    // "opening hours" is one mention of one topic, so the second word is as negated as the first.
    const negated = previous !== undefined && before.trim() === '' ? previous.negated : NEGATION.test(before);
    mentions.push({ intent: hit.intent, rank: hit.rank, negated });
    end = Math.max(end, hit.to);
  }
  return mentions.sort((a, b) => a.rank - b.rank);
}

function clausesOf(said: string): string[] {
  return said
    .toLowerCase()
    .replace(/[’`]/g, "'")
    .split(/[.,;:!?]+|\b(?:but|because|instead|and)\b/)
    .map(normalised)
    .filter((clause) => clause !== '');
}

function normalised(said: string): string {
  return said
    .toLowerCase()
    .replace(/[’`]/g, "'")
    .replace(/[^a-z0-9' ]+/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}
