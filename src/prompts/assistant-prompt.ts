/** Who answers the phone: what the model is told, and the lines the gateway says itself. */
export interface AssistantPrompt {
  name: string;
  /** BCP 47; what the conversation starts in. */
  language: string;
  /** BCP 47; what it may change to when the caller does. */
  languages: readonly string[];
  /** Spoken first. */
  greeting: string;
  /** With the rule about languages at the end. */
  instructions: string;
  /** The voice to speak with, by provider; a provider that is not named speaks with the configured one. */
  voices: Readonly<Record<string, string>>;
  /** What it can do besides talking, calling a human and ending the call; undefined: whatever is registered. */
  tools: readonly string[] | undefined;
  lines: AssistantLines;
}

/** What the gateway says itself, each at its moment. */
export interface AssistantLines {
  /** While the call is being handed to a human. */
  handover: string;
  /** The assistant cannot go on; a human takes over. */
  assistantFailed: string;
  /** A human takes over, though the caller did not ask for one: the gateway is being stopped, or they are not helped. */
  stopping: string;
  /** The dial to a human did not get through; the assistant goes on, and can take a message or note a callback. */
  nobodyFree: string;
  /** Nobody is free, and what is said after the tone is recorded. */
  leaveMessage: string;
  /** The recording is there; the call ends after this. */
  messageThanks: string;
  /** Nobody is free, and the caller will be called back; the call ends after this. */
  callbackPromised: string;
  /** Nobody can take the call any more; it ends after this. */
  noHuman: string;
  /** The caller has said nothing for a while; the second time and the third, after which the call ends. */
  stillThere: string;
  stillThereAgain: string;
  silentGoodbye: string;
  /** Another model goes on in the middle of the call, or the same one after it broke off. */
  takenOver: string;
  /** Something takes a moment longer than it should. */
  oneMoment: string;
  /** The stream broke and the call goes on in a new one. */
  resumed: string;
  /** All lines are taken and no human can be dialled. */
  busy: string;
}
