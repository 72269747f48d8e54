/** Who answers the phone: what the model is told, and the lines the gateway says itself. */
export interface AssistantPrompt {
  name: string;
  /** The language in which the conversation starts (BCP 47). */
  language: string;
  /** The languages to which the assistant may change if the caller does (BCP 47). */
  languages: readonly string[];
  /** What the assistant says first. */
  greeting: string;
  /** What the model is told, with the rule about languages at the end. */
  instructions: string;
  /** The voice for each provider. A provider without one uses the configured voice. */
  voices: Readonly<Record<string, string>>;
  /** The tools the assistant has besides calling a human and ending the call. `undefined` means every registered tool. */
  tools: readonly string[] | undefined;
  lines: AssistantLines;
  /** For calls that the gateway makes. */
  outbound?: OutboundWords | undefined;
}

/** What an assistant says on a call that the gateway makes. The prompt of such a call has all of it, and one of a file what its author wrote. */
export interface OutboundWords {
  /** For whom the assistant calls. */
  company?: string | undefined;
  /** Says that an automated assistant calls, and for whom: `{company}` stands for that. Always the first words. */
  introduction?: string | undefined;
  /** Follows the introduction. */
  opening?: string | undefined;
  /** What an answering machine is told, with the introduction. */
  message?: string | undefined;
  /** What a person is told, with the introduction, if no conversation is possible. */
  failed?: string | undefined;
}

/** What the gateway says itself, one line for each situation. */
export interface AssistantLines {
  /** The call is handed to a human. */
  handover: string;
  /** The assistant has failed, and a human takes over. It is short, because the caller has waited, and the dial waits for it. */
  assistantFailed: string;
  /** A human takes over without a request, because the gateway is stopping or the assistant does not help the caller. */
  stopping: string;
  /** The dial to a human failed. The assistant continues, and can take a message or note a callback. */
  nobodyFree: string;
  /** No agent is free, and what the caller says after the tone is recorded. */
  leaveMessage: string;
  /** The message is recorded. The call ends after this line. */
  messageThanks: string;
  /** No agent is free, and the caller will be called back. The call ends after this line. */
  callbackPromised: string;
  /** No agent can take the call any more. The call ends after this line. */
  noHuman: string;
  /** The caller has said nothing for a while. */
  stillThere: string;
  /** The caller is still silent after `stillThere`. */
  stillThereAgain: string;
  /** The caller is still silent after both. The call ends after this line. */
  silentGoodbye: string;
  /** Another model takes over in the middle of the call, or the same one continues after it broke off. */
  takenOver: string;
  /** Another assistant takes over from the one that has talked so far. Its first words, in its own voice. */
  passedOn: string;
  /** An answer takes longer than it should. */
  oneMoment: string;
  /** The stream broke, and the call resumes in a new one. */
  resumed: string;
  /** All lines are busy, and no human can be dialled. */
  busy: string;
  /** The call is recorded. Nothing is before the caller has heard this line to its end. */
  recorded: string;
  /** The caller was told of a recording that Twilio could not start. */
  notRecorded: string;
  /** The caller types digits that the assistant does not hear. */
  enterDigits: string;
  /** The same after digits that were too few, or did not come. */
  enterDigitsAgain: string;
}
