/** What a conversation is about, from what the caller said; routes a handover and labels it for the agent. */
const TOPICS: readonly (readonly [topic: string, pattern: RegExp])[] = [
  ['billing', /\b(?:bill(?:ing|ed)?|invoice|charged?|charges|payment|pay|refund(?:ed)?|credit card|overcharged)\b/],
  ['returns', /\b(?:returns?|send (?:it|this|them) back|exchange)\b/],
  ['order', /\b(?:orders?|ordered|parcel|package|delivery|deliver(?:ed)?|shipping|shipment|ship)\b/],
  ['technical', /\b(?:broken|not working|doesn't work|internet|wi-?fi|error|login|log in|password|reset)\b/],
  ['account', /\b(?:account|address|subscription|cancel|contract|my details)\b/],
  ['sales', /\b(?:buy|price|prices|how much|cost|quote|plan|upgrade)\b/],
  ['opening_hours', /\b(?:opening|hours|open|close|closed|closing)\b/],
];

/** The topic of the latest text that has one; `general` when none has. */
export function topicOf(said: readonly string[]): string {
  for (const text of said.toReversed()) {
    const lower = text.toLowerCase().replace(/[’`]/g, "'");
    const found = TOPICS.find(([, pattern]) => pattern.test(lower));
    if (found !== undefined) return found[0];
  }
  return 'general';
}
