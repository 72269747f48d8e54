/** A fault that a session counts and survives. The union is closed, because it labels a metric. */
export type NovaAnomaly =
  | 'malformed-event'
  | 'unknown-event'
  | 'unknown-content'
  /** A final text that matches no sentence. */
  | 'unmatched-text'
  /** The model fell silent without ending its turn. */
  | 'silent-turn'
  /** A tool result for an unknown call, or a second one. */
  | 'unknown-tool-call'
  | 'repeated-tool-call'
  | 'unreadable-tool-call'
  /** The service took audio more slowly than it arrived. */
  | 'audio-dropped'
  /** The model answers the caller and sends no text of what they say. Counted once in a call. */
  | 'transcription-blind'
  /** The gateway's own code threw while it handled an event. The event is lost. */
  | 'event-failed';
