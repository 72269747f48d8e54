/** What the session noticed and passed over; a closed set, fit for a metric's label. */
export type NovaAnomaly =
  | 'malformed-event'
  | 'unknown-event'
  | 'unknown-content'
  /** A text of what was spoken that fits no sentence. */
  | 'unmatched-text'
  /** The model said nothing more and did not end its turn. */
  | 'silent-turn'
  /** A tool result nobody asked for, or a second one. */
  | 'unknown-tool-call'
  | 'repeated-tool-call'
  | 'unreadable-tool-call'
  /** The service took audio more slowly than it came. */
  | 'audio-dropped';
