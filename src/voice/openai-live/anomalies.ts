import type { WireAnomaly } from '../openai/server-events.js';

/** A fault that a session counts and survives. The union is closed, because it labels a metric. */
export type LiveAnomaly =
  | WireAnomaly
  /** The service reported an error. The log line has its code. */
  | 'error-event'
  /** The service did not say which audio format it agreed to. */
  | 'format-unnamed'
  /** The model was silent although an answer was due, and was reminded of it. */
  | 'reminded'
  /** The stream of the model's audio stopped in the middle of speech. */
  | 'cut-answer'
  /** The backend did not finish what the model had handed to it. */
  | 'backend-failed'
  /** The backend has finished, and the model has said nothing of it. */
  | 'unsaid-result'
  /** The model handed a task to something that this session does not have. */
  | 'unknown-delegation'
  | 'bad-tool-arguments'
  | 'unknown-tool-call'
  /** A piece of caller audio was dropped, because the session was not ready in time or the network was too slow. */
  | 'caller-audio-dropped'
  | 'unsupported-audio'
  /** The gateway's own code threw while it handled an event. The event is lost. */
  | 'event-failed';
