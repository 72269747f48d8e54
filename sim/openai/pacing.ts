/** How a response comes. */
export interface Pacing {
  /** Sound in each delta; several sizes take turns. */
  deltaMs: number | readonly number[];
  /** How much faster than real time the sound comes; Infinity: all at once. */
  speed: number;
  /** How far the transcript runs ahead of the sound. */
  textAheadMs: number;
  /** From the creation of the response to its first output. */
  firstOutputMs: number;
  /** From the beginning of a spoken item to its first sound. */
  firstSoundMs: number;
}

export const DEFAULT_PACING: Pacing = { deltaMs: 200, speed: 5, textAheadMs: 300, firstOutputMs: 0, firstSoundMs: 0 };
