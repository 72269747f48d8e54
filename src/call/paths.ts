/**
 * Tells Twilio how to retry a webhook. Appended to every URL that Twilio is given; Twilio neither signs nor sends it
 * (Twilio: Webhooks – connection overrides).
 *
 * Twilio waits 2 s for a connection and 5 s for an answer (the gateway's slowest takes 4 s). It retries at most five
 * times, and after 12 s it requests the number's fallback. So an instance that dies, hangs or leaves the load balancer
 * costs one attempt, and the next instance answers. Without the overrides, a 502 of the load balancer or 15 s of
 * silence would go straight to the fallback.
 */
export const CONNECTION_OVERRIDES = '#ct=2000&rt=5000&tt=12000&rc=5&rp=ct,rt,5xx';

/** The routes that Twilio requests. Only `voice`, `stream` and `fallback` are configured outside the gateway. */
export const PATHS = {
  voice: '/twilio/voice',
  stream: '/twilio/stream',
  streamEnded: '/twilio/stream-ended',
  streamStatus: '/twilio/stream-status',
  dialResult: '/twilio/dial-result',
  whisper: '/twilio/whisper',
  legStatus: '/twilio/leg-status',
  /** Requested with the key of the person who was briefed, and with the next one if that was neither of the two. */
  briefingKey: '/twilio/briefing-key',
  briefingKeyAgain: '/twilio/briefing-key-again',
  callStatus: '/twilio/call-status',
  /** Requested at the end of TwiML that only holds a call. */
  held: '/twilio/held',
  voicemail: '/twilio/voicemail',
  recording: '/twilio/recording',
  /** For the number's "primary handler fails" field. Requested when an answer of the gateway did not reach Twilio. */
  fallback: '/twilio/fallback',
  /** Requested when a call that the gateway makes is answered. The URL's query holds the id of the call, here and below. */
  outbound: '/twilio/outbound',
  outboundStatus: '/twilio/outbound-status',
  /** Requested with what has answered: a person, a machine or a fax. */
  outboundMachine: '/twilio/outbound-machine',
} as const;
