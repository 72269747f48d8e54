/**
 * Everything a call may wait through while the caller hears nothing, in the order in which a call meets it. Every file
 * takes its waiting times from here, so that they can be read together. The waits of one group run one after the other.
 * What covers them ("one moment", a filler, Twilio's own words) must begin before the caller doubts that the line is
 * alive. docs/operate/resilience.md quotes this table.
 *
 * Names end in the unit. Waits that no caller sits through (a background write, a summary, a reconnecting client) stay with
 * the code that owns them.
 */
export const SILENCE_BUDGET = {
  // A question of Twilio is answered.

  /** Maximum wait for another instance's snapshot of a call; then the call goes to a human without it. */
  journalClaimMs: 500,
  /** Maximum wait for the cluster worker that owns a call. It must end before Twilio repeats the request after 5 s. */
  workerAnswerMs: 4500,
  /** Maximum wait for what a hook knows of a new call, unless CALL_CONTEXT_TIMEOUT_MS says otherwise. The telephone still rings. */
  callContextMs: 1000,
  /** How long Twilio pauses a call whose next step is not known yet, before it asks again. */
  holdSeconds: 5,
  /** The same when another instance has just taken the call over, so that it can answer. */
  movedHoldSeconds: 1,

  // A stream is asked for.

  /** Maximum time between the TwiML with a stream and the stream; then the stream counts as refused. */
  streamExpectedMs: 15_000,
  /** If the caller has heard nothing for this long, Twilio says "one moment" before it opens the next stream. */
  oneMomentBeforeStreamMs: 2500,
  /** The same for a caller who waits for an answer, because the next stream may meet a model that is silent, too. */
  oneMomentBeforeStreamIfOwedMs: 1500,
  /** A resumed call that starts in silence asks "are you still there" this long after the last sound. */
  quietResumeMs: 3000,
  /** Minimum time the caller is listened to before that question. */
  quietResumeListenMs: 1000,

  // A stream is open but carries nothing.

  /** Maximum time without audio from Twilio at the start of a stream. */
  firstMediaMs: 10_000,
  /** Maximum gap in Twilio's audio later on. Some calls have gaps while the caller is silent, but none this long. */
  mediaGapMs: 30_000,
  /** How late a mark may be. On a working stream it returns a fraction of a second after its audio. */
  markOverdueMs: 5000,

  // A model is opened.

  /** Maximum time for opening a provider's session, as each provider measures it. */
  sessionOpenMs: 5000,
  /** Maximum time for finding AWS credentials. Outside AWS the SDK would ask for instance metadata far longer. */
  awsCredentialsMs: 3000,
  /** Maximum time until a session is ready, whatever its provider says: the last line behind `sessionOpenMs`. */
  sessionReadyMs: 6000,

  // A model owes an answer.

  /** Maximum silence of a model that owes an answer; then the session has stalled and is replaced. */
  answerMs: 4200,
  /** The same in the middle of an answer, because Nova can report its end late. It must be above `novaSilentTurnMs`. */
  restOfAnswerMs: 8000,
  /** Minimum time given to a model after the caller has spoken while they waited. */
  answerAfterSpeechMs: 3000,
  /** Maximum wait for another answer after one that was empty or broke off; then the session is replaced. */
  answerAgainMs: 2500,
  /** A quiet line for this long ends a speech of the caller whose end the model has not reported. */
  speechOverMs: 3500,
  /** Maximum time until the model takes an utterance that has ended; then it was noise, and what it interrupted is owed. */
  speechTakenMs: 1500,
  /** Embedded voice: maximum time until the first word or tool call of one answer of its language model. */
  chatFirstWordMs: 6000,
  /** Embedded voice: the same for all tries together; then the call goes to a human. */
  chatAllTriesMs: 9500,
  /** Embedded voice: maximum time between two pieces of an answer that has begun. */
  chatNextPieceMs: 4000,
  /** Nova: a turn in which nothing happens for this long is over, whatever the service says. */
  novaSilentTurnMs: 6000,
  /** Nova: a turn whose sentences are complete is over after this long, because the sign of its end may be missing. */
  novaWholeTurnMs: 3000,
  /** Nova: maximum time to begin when it is asked to speak first. Others measured 1.3 s. */
  novaOpeningMs: 10_000,
  /** GPT-Live: delay before a model that owes an answer is reminded. It decides itself when to speak. */
  liveReminderMs: 2500,
  /** GPT-Live: maximum silence of a model that owes an answer. Its backend may be thinking, and the reminder needs time. */
  liveAnswerMs: 5200,
  /** GPT-Live: maximum time until the model tells what its backend has returned; then the answer counts as broken off. */
  liveResultMs: 5000,
  /** Maximum time for synthesising a line; then the line counts as unsaid. */
  synthesisMs: 4000,
  /** Maximum time for one sentence of the voice at LOCAL_TTS_BASE_URL; then the embedded voice speaks it. */
  ownVoiceMs: 3000,
  /** Maximum time for a line of the gateway's own voice; then the caller hears a tone, or the model says the line. */
  ownLineMs: 1200,
  /** Delay before the caller who waits for an answer hears "one moment". */
  oneMomentAfterMs: 3200,
  /** Minimum time given to a model that was just asked, even if the caller has waited before. */
  oneMomentGraceMs: 800,
  /** Delay before "one moment" once the model that owed the answer is lost. */
  oneMomentAfterLossMs: 1200,
  /** Delay before "one moment" after an answer that broke off in the middle. */
  oneMomentAfterBreakMs: 300,
  /** Delay before "one moment" is repeated. */
  oneMomentAgainMs: 4000,
  /** Audio counts as heard once it has played for this long. Less may not have reached the caller. */
  audibleAfterMs: 400,
  /** Delay before the caller hears the filler of a tool that is still running. */
  toolFillerMs: 600,
  /** Maximum time of a tool; then the model is told that it failed. A tool may set its own. */
  toolMs: 10_000,
  /** Delay before a line to a silent caller that broke off is said again. */
  unsaidAgainMs: 1000,
  /** A pause that ends a number the caller types. */
  dtmfPauseMs: 2000,

  // Digits are collected that no model hears.

  /** Maximum time of one request to Twilio about a recording. */
  recordingChangeMs: 1500,
  /** Delay before a request to pause a recording is repeated. */
  recordingPauseRetryMs: 200,
  /** Maximum time until it is certain that nothing is recorded; then the caller is not asked for digits. */
  recordingSilentMs: 4500,
  /** Maximum time between two keys of a secret; then the caller is asked again. */
  secretKeyMs: 10_000,
  /** Maximum time for the operator's function that gets the digits; then the model is told that it failed. */
  secretAnswerMs: 8000,

  // A model is lost.

  /** Maximum time in which the same provider is tried again. */
  failoverRetryMs: 4000,
  /**
   * Maximum time for all providers together, with the silence of the lost one; then the call goes to a human. It leaves
   * time for one short sentence and a dial within 12 s of the caller's last word.
   */
  failoverTotalMs: 9500,
  /** Minimum time that is left for another try; with less the call goes to a human at once. */
  failoverMinimumMs: 2000,

  // Another assistant is called.

  /** Maximum time that the words of the assistant that passes the caller on are waited for. */
  passHeardMs: 8000,
  /** Silence after which those words count as over. */
  passQuietMs: 300,
  /** The same if the model has not said that its answer is over. */
  passQuietIfBusyMs: 1200,
  /** Maximum wait for the text of what the caller has said, so that the next assistant reads it. */
  passTextMs: 1500,
  /** Maximum time for reaching the next assistant; then the one before continues. */
  passOpenMs: 4000,

  // The call ends without a human.

  /** Time the caller is still listened to after the last word of a call that the assistant ends. */
  lastWordMs: 2000,
  /** The same if the last words asked something; then the caller's turn has come. */
  lastQuestionMs: 8000,

  // The call leaves for a human.

  /** Maximum time until the goodbye begins to sound; then Twilio says it. */
  goodbyeBeginsMs: 2000,
  /** Maximum silence before the goodbye, including what the caller has waited already. */
  goodbyeSilenceMs: 3500,
  /** Minimum time the goodbye is given to begin. */
  goodbyeMinimumMs: 300,
  /** Maximum silence inside the goodbye; then it has broken off and Twilio says it. */
  goodbyeBreakMs: 1200,
  /** Maximum time until the session has delivered the whole goodbye. */
  goodbyeDeliveredMs: 10_000,
  /** Maximum time until the last mark of the goodbye returns. */
  goodbyeHeardMs: 15_000,
  /** Maximum time one attempt at the handover store may take. */
  storeAttemptMs: 1000,
  /** Maximum time for writing the handover's record; then the dial goes without one. */
  handoverRecordMs: 3000,
  /** Maximum time for asking Amazon Connect whether an agent is there; then the gateway assumes one. */
  agentAvailabilityMs: 300,
  /** Maximum time of one attempt to change the live call over Twilio's REST API. */
  twilioUpdateMs: 3000,
  /** Delay before that attempt is repeated. */
  twilioUpdateRetryMs: 300,
} as const;
