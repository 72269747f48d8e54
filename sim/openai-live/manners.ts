/** What is not public of the service, so that tests can have it either way. */
export interface LiveManners {
  /** Whether silence between two speeches is part of the stream, or left out. */
  silence: 'sent' | 'left-out';
  /** Whether audio that arrives faster than it was spoken is heard in real time, or at once. */
  hears: 'in-time' | 'at-once';
  /** How many times faster than real time the model's audio is sent. */
  speed: number;
  /** Whether the model stops when the caller speaks. */
  yields: boolean;
  /** Said when the model delegates, `''` if nothing. */
  acknowledgement: string;
  /** Whether `session.started` repeats the audio format. */
  namesFormat: boolean;
  /** Time from the caller's words to the model's first sound. */
  answerAfterMs: number;
  /** Time of one response of the backend. */
  backendMs: number;
}

export const DEFAULT_MANNERS: LiveManners = {
  silence: 'sent',
  hears: 'in-time',
  speed: 1,
  yields: true,
  acknowledgement: 'One moment.',
  namesFormat: true,
  answerAfterMs: 200,
  backendMs: 300,
};
