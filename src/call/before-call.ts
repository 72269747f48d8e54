/** What is known of a call before it is answered: what a hook has returned, checked and bounded. */
export interface CallContext {
  /** For the prompt and the greeting, by name. */
  variables: Readonly<Record<string, string>>;
  /** Name of a prompt, or a number that has an assistant of its own. Absent: the assistant of the number called. */
  assistant?: string | undefined;
  /** BCP 47 tag of the language in which the assistant answers. Absent: its own. */
  language?: string | undefined;
  /** Whether the call is accepted a little above the limit of calls. */
  hasPriority?: boolean;
  /** What becomes of the call. Absent: the assistant answers it. */
  action?: 'refuse' | 'human';
}

/** Who calls which number. */
export interface ComingCall {
  callSid: string;
  /** As Twilio sends it. */
  from: string;
  to: string;
}

/** Asks what is known of a call that rings. */
export interface BeforeCall {
  /**
   * Resolves within the hook's limit, and never rejects. `undefined` if nothing is known. `isBegun` says whether another instance
   * has begun the call, which has asked then.
   */
  ask(call: ComingCall, isBegun: () => Promise<boolean>): Promise<CallContext | undefined>;
  /** What {@link ask} has returned for a call of this instance, until the call has begun. */
  of(callSid: string): CallContext | undefined;
}
