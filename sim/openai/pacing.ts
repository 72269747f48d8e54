/** How fast a response arrives. */
export interface Pacing {
  /** Length of the sound in each delta. Several lengths are used in turn. */
  deltaMs: number | readonly number[];
  /** How many times faster than real time the sound arrives. Infinity sends it all at once. */
  speed: number;
  /** How far the transcript is ahead of the sound. */
  textAheadMs: number;
  /** Delay from the creation of the response to its first output. */
  firstOutputMs: number;
  /** Delay from the start of a spoken item to its first sound. */
  firstSoundMs: number;
}

export const DEFAULT_PACING: Pacing = { deltaMs: 200, speed: 5, textAheadMs: 300, firstOutputMs: 0, firstSoundMs: 0 };
