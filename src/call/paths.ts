/**
 * How Twilio asks us: behind every URL that it is given (Twilio: Webhooks – connection overrides; not signed, not sent).
 * An instance that dies, hangs or is taken from the load balancer costs one try, and the next one answers: 2 s for a
 * connection, 5 s for an answer (the longest of ours takes 4), at most five more tries, and after 12 s the number's
 * fallback. Without it a 502 of the load balancer or a silence of 15 s would go straight to the fallback.
 */
export const CONNECTION_OVERRIDES = '#ct=2000&rt=5000&tt=12000&rc=5&rp=ct,rt,5xx';

/** The routes Twilio is told about. Nothing outside depends on any but `voice`, `stream` and `fallback`. */
export const PATHS = {
  voice: '/twilio/voice',
  stream: '/twilio/stream',
  streamEnded: '/twilio/stream-ended',
  streamStatus: '/twilio/stream-status',
  dialResult: '/twilio/dial-result',
  whisper: '/twilio/whisper',
  legStatus: '/twilio/leg-status',
  callStatus: '/twilio/call-status',
  /** What TwiML that only holds a call asks at its end. */
  held: '/twilio/held',
  voicemail: '/twilio/voicemail',
  recording: '/twilio/recording',
  /** For the number's "primary handler fails" field: asked when an answer of ours did not reach Twilio. */
  fallback: '/twilio/fallback',
} as const;
