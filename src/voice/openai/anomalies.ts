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
  /** An answer ended without a sound and without a call. */
  | 'empty-answer'
  /** An answer ended in the middle of a sentence or of a call. */
  | 'cut-answer'
  | 'bad-tool-arguments'
  | 'transcription-failed'
  /** The service writes down nothing of what the caller says in this session. */
  | 'transcription-blind'
  /** A piece of caller audio was dropped, because the session was not ready in time or the network was too slow. */
  | 'caller-audio-dropped'
  | 'unsupported-audio'
  /** The gateway's own code threw while it handled an event. The event is lost. */
  | 'event-failed';
