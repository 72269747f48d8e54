/**
 * Whether a caller asks for a human, in English. Decided clause by clause, so that "I don't want an agent, I want my
 * money back" is not a request and "I don't want a robot, give me a person" is one.
 */
export function asksForHuman(said: string): boolean {
  return clausesOf(said).some((clause) => !isRefusal(clause) && isRequest(clause));
}

/** Somebody who is not the machine. */
const PERSON =
  '(?:human being|human|person|people|someone|somebody|agents?|representatives?|reps?|operators?|supervisors?|managers?|advis[eo]rs?|colleagues?|receptionist|specialists?|associates?|customer (?:service|support|care)(?: (?:agent|representative|rep|team))?|staff(?: member)?|team member)';
/** Words that may stand between the wish and the person without changing it. */
const BETWEEN =
  '(?:to|with|a|an|the|some|any|your|one|of|real|live|actual|another|different|human|me|us|through|over|on|back|please|just|really|directly|speak|speaking|talk|talking|chat|chatting|be|get|able|have|like|want|need|put|connected|transferred|phone|line|for|in|there|customer|service)';
const WISH =
  "(?:speak|speaking|talk|talking|chat|chatting|transfer|transferred|connect|connected|get|reach|forward|forwarded|put|pass|give|want|need|like|have|find|call|is there|are there|isn't there|can i see|send)";

const REQUESTS: readonly RegExp[] = [
  new RegExp(`\\b${WISH}(?: ${BETWEEN})* ${PERSON}\\b`),
  new RegExp(
    `^(?:(?:a|an|the|please|real|live|actual|human|no|just|yes|okay|ok|hello|hi|hey) )*${PERSON}(?: (?:please|now|thanks|thank you|right now))*$`,
  ),
  new RegExp(`\\b(?:real|live|human|actual) ${PERSON}(?: please)?$`),
  new RegExp(`\\b${PERSON} please\\b`),
  /\b(?:transfer|connect|forward|put) (?:me|us|my call|this call)(?: (?:through|over))?(?: (?:please|now))*$/,
  /\bput (?:me|us) through\b/,
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
  /\b(?:can't i|cannot i|couldn't i|why (?:don't|can't|won't)|why not|isn't there|aren't there)\b/;
/** "I do not want to talk to a robot": a refusal of the machine, not of the human. */
const ABOUT_THE_MACHINE = /\b(?:robots?|bots?|machines?|computers?|ai|automated|recordings?)\b/;

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
    .map((clause) =>
      clause
        .replace(/[^a-z0-9' ]+/g, ' ')
        .replace(/\s+/g, ' ')
        .trim(),
    )
    .filter((clause) => clause !== '');
}
