import type { WireAnomaly } from './server-events.js';

/** What a session counts and gets over. Closed, because it labels a metric. */
export type OpenAiAnomaly =
  | WireAnomaly
  /** The service reported an error; the log line has its code. */
  | 'error-event'
  /** Something about a response that is not in progress, for instance late audio. */
  | 'unknown-response'
  /** A response began before the last one was over. */
  | 'response-overlap'
  | 'response-failed'
  /** A request was refused twice and given up. */
  | 'request-lost'
  /** The model wrote instead of speaking. */
  | 'text-answer'
  | 'bad-tool-arguments'
  | 'transcription-failed'
  /** A piece of caller audio that nobody will hear: the session was not ready in time, or the network too slow. */
  | 'caller-audio-dropped'
  | 'unsupported-audio';
