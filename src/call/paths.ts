/** The routes Twilio is told about. Nothing outside depends on any but the first two. */
export const PATHS = {
  voice: '/twilio/voice',
  stream: '/twilio/stream',
  streamEnded: '/twilio/stream-ended',
  streamStatus: '/twilio/stream-status',
  dialResult: '/twilio/dial-result',
  whisper: '/twilio/whisper',
  legStatus: '/twilio/leg-status',
  callStatus: '/twilio/call-status',
} as const;
