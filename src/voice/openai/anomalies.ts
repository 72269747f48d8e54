import type { WireAnomaly } from './server-events.js';

/** A fault that a session counts and survives. The union is closed, because it labels a metric. */
export type OpenAiAnomaly =
  | WireAnomaly
  /** The service reported an error. The log line has its code. */
  | 'error-event'
  /** An event about a response that is not in progress, such as late audio. */
  | 'unknown-response'
  /** A response began before the last one was over. */
  | 'response-overlap'
  | 'response-failed'
  /** A request was refused twice and dropped. */
  | 'request-lost'
  /** The model wrote instead of speaking. */
  | 'text-answer'
  | 'bad-tool-arguments'
  | 'transcription-failed'
  /** A piece of caller audio was dropped, because the session was not ready in time or the network was too slow. */
  | 'caller-audio-dropped'
  | 'unsupported-audio'
  /** The gateway's own code threw while it handled an event. The event is lost. */
  | 'event-failed';
