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
