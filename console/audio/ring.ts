const TONES_HZ = [440, 480];
const LOUDNESS = 0.06;
/** One second of every four. */
const RING_S = 1;
const CYCLE_S = 4;
/** A contact that nobody takes rings no longer than this, and is seen only. */
const RINGS = 30;

/** Rings until the returned function is called. A browser lets a page ring that somebody has clicked on before. */
export function ring(): () => void {
  if (!navigator.userActivation.hasBeenActive) return () => undefined;
  let context: AudioContext;
  try {
    context = new AudioContext();
  } catch {
    // Without a sound the page still shows that it rings.
    return () => undefined;
  }
  const gain = new GainNode(context, { gain: 0 });
  gain.connect(context.destination);
  for (const frequency of TONES_HZ) {
    const tone = new OscillatorNode(context, { frequency });
    tone.connect(gain);
    tone.start();
  }
  // Planned on the audio's own clock, because a browser slows the timers of a page that is not seen.
  for (let at = 0; at < RINGS * CYCLE_S; at += CYCLE_S) {
    gain.gain.setValueAtTime(LOUDNESS, context.currentTime + at);
    gain.gain.setValueAtTime(0, context.currentTime + at + RING_S);
  }
  return () => void context.close();
}
