/** What an ear hears of one line, in steps of equal length. */
export interface HeardLine {
  stepMs: number;
  /** Steps in a row with voice after which the ear says that the caller speaks. */
  startSteps: number;
  /** For each step, whether there is voice in it. */
  voiced: readonly boolean[];
}

/** What became of an answer while the line was heard. Times are milliseconds of audio, from the beginning of the line. */
export interface Outcome {
  /** When the answer was cut for good. `undefined` if it was not. */
  cutMs: number | undefined;
  /** How long the answer was held each time before it went on. */
  heldMs: number[];
}

/**
 * Decides for each sound of the caller whether it cuts the answer. A sound that ends before `shorterThanMs` holds the answer, which
 * goes on once the line has been quiet for `quietMs`. `shorterThanMs` 0: every sound cuts, as soon as the ear notices it.
 */
export function hold({ startSteps, stepMs, voiced }: HeardLine, shorterThanMs: number, quietMs: number): Outcome {
  const outcome: Outcome = { cutMs: undefined, heldMs: [] };
  let voicedSteps = 0;
  let sound: { beganMs: number; noticedMs: number; quietSteps: number } | undefined;
  for (const [index, isVoiced] of voiced.entries()) {
    const nowMs = (index + 1) * stepMs;
    voicedSteps = isVoiced ? voicedSteps + 1 : 0;
    if (sound === undefined) {
      if (voicedSteps < startSteps) continue;
      sound = { beganMs: nowMs - voicedSteps * stepMs, noticedMs: nowMs, quietSteps: 0 };
    }
    sound.quietSteps = isVoiced ? 0 : sound.quietSteps + 1;
    if (isVoiced && nowMs - sound.beganMs >= shorterThanMs) {
      outcome.cutMs = nowMs;
      return outcome;
    }
    if (sound.quietSteps * stepMs < quietMs) continue;
    outcome.heldMs.push(nowMs - sound.noticedMs);
    sound = undefined;
  }
  return outcome;
}
