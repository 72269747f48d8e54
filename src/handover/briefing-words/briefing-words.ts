/** What a person hears of a call before they are joined with the caller, in one language. */
export interface BriefingWords {
  /** Why the call comes, by the reason in the record. A sentence without its end. */
  reasons: Readonly<Record<string, string>>;
  /** What the call is about, by the intent in the record. Follows `about`. */
  topics: Readonly<Record<string, string>>;
  /** `{topic}` stands for one of the topics. A sentence without its end. */
  about: string;
  /** What ends a sentence. */
  stop: string;
  /** Nothing is known of the call. A sentence without its end. */
  unknown: string;
  /** Which key takes the call, and which one declines it. */
  choice: string;
}
