/**
 * Whether a caller asks for a human, in English. Decided clause by clause, so that "I don't want an agent, I want my
 * money back" is not a request and "I don't want a robot, give me a person" is one.
 */
export function asksForHuman(said: string): boolean {
  return clausesOf(said).some((clause) => !isRefusal(clause) && isRequest(clause));
}

/** Somebody who is not the machine. */
const PERSON =
  "(?:human being|human|person|(?:real|actual|live|human) people|someone|somebody|anyone|anybody|agents?|representatives?|reps?|operators?|supervisors?|managers?|advis[eo]rs?|colleagues?|receptionist|specialists?|associates?|customer (?:service|support|care)(?: (?:agent|representative|rep|team))?|staff(?: member)?|team member)(?!'s)";
/** Words that may stand between the wish and the person without changing it. */
const BETWEEN =
  '(?:to|with|a|an|the|some|any|your|one|of|real|live|actual|another|different|human|me|us|through|over|on|back|please|just|really|directly|speak|speaking|talk|talking|chat|chatting|be|get|able|have (?:a|an|the|another)|like|want|need|put|connected|transferred|phone|line|for|in|there|customer|service)';
const WISH =
  "(?:speak|speaking|talk|talking|chat|chatting|transfer|transferred|connect|connected|get|reach|forward|forwarded|put|pass|want|need|(?:give|find|send|call) (?:me|us)|(?:would|'d) like|(?:can|could|may) (?:i|we)(?: please)? have|is there|are there|isn't there|can i see)";

const REQUESTS: readonly RegExp[] = [
  new RegExp(`\\b${WISH}(?: ${BETWEEN})* ${PERSON}\\b`),
  new RegExp(
    `^(?:(?:a|an|the|please|real|live|actual|human|no|just|yes|okay|ok|hello|hi|hey) )*${PERSON}(?: (?:please|now|thanks|thank you|right now))*$`,
  ),
  new RegExp(`\\b(?:real|live|human|actual) ${PERSON}(?: please)?$`),
  new RegExp(`\\b${PERSON} please\\b`),
  /\b(?:transfer|connect|forward|put) (?:me|us|my call|this call)(?: (?:through|over))?(?: (?:please|now))*$/,
  /\bput (?:me|us) through\b/,
  /\b(?:want|need|like) to (?:be|get) (?:transferred|connected|forwarded|put through)(?: (?:please|now))*$/,
  /\b(?:speak|speaking|talk|talking) (?:to|with) (?:\w+ ){0,3}(?:department|team)\b/,
  /\bescalate\b/,
  /\b(?:don't|do not|won't|not|stop|hate|rather not|never) (?:\w+ ){0,3}?(?:talk|talking|speak|speaking|deal|dealing)(?: \w+){0,2}? (?:robots?|bots?|machines?|computers?|ai|recordings?)\b/,
  /\b(?:don't|do not) (?:want|like|need) (?:a |an |this |to use )?(?:robots?|bots?|machines?|computers?|ai)\b/,
];

/** The caller says that they do not want one. */
const REFUSALS: readonly RegExp[] = [
  new RegExp(
    `\\b(?:don't|do not|didn't|did not|doesn't|wouldn't|needn't|no need|not|never|without|rather not)(?: \\w+){0,5}? ${PERSON}\\b`,
  ),
  /\b(?:don't|do not|please don't|never|no need to|not) (?:\w+ )?(?:transfer|connect|forward|escalate|put)\b/,
];

/** In these the negation is the request: "can't I speak to a person", "why don't you get me a manager". */
const NEGATED_REQUEST =
  /\b(?:can't i|cannot i|can i not|could i not|couldn't i|why (?:don't|can't|won't)|why not|isn't there|aren't there)\b/;
/** "I do not want to talk to a robot": a refusal of the machine, not of the human. */
const ABOUT_THE_MACHINE = /\b(?:robots?|bots?|machines?|computers?|ai|automated|recordings?)\b/;

/**
 * A recogniser writes no full stop where the caller made no pause: "you don't understand me I want a person". A wish
 * begins a clause of its own, unless what stands before it governs it: "I don't think I need an agent".
 */
const NEW_WISH =
  /(?<!\b(?:think|thought|said|say|told you|if|that|believe|sure|when|what|which|how|where|why|not|never|to|\w+n't|please|and|or)) (?=(?:i want|i need|give me|get me|let me)\b)/;

function isRequest(clause: string): boolean {
  return REQUESTS.some((pattern) => pattern.test(clause));
}

function isRefusal(clause: string): boolean {
  if (NEGATED_REQUEST.test(clause)) return false;
  if (ABOUT_THE_MACHINE.test(clause) && !new RegExp(`\\b${PERSON}\\b`).test(clause)) return false;
  return REFUSALS.some((pattern) => pattern.test(clause));
}

function clausesOf(said: string): string[] {
  return said
    .toLowerCase()
    .replace(/[’`]/g, "'")
    .split(/[.,;:!?]+|\b(?:but|because|so|instead|and then)\b/)
    .flatMap((clause) => clause.split(NEW_WISH))
    .map((clause) =>
      clause
        .replace(/[^a-z0-9' ]+/g, ' ')
        .replace(/\s+/g, ' ')
        .trim(),
    )
    .filter((clause) => clause !== '');
}
