import { UsageError } from '../../src/process/command-line.js';
import { type SpeechEngine, openSpeechEngine } from '../../src/speech/engine.js';
import { type Ear, speechEar } from './ear.js';
import { type Voice, speechVoice } from './voice.js';

/**
 * Starts a simulator, shows its introduction, and closes it when the user stops it. It understands and speaks, or with
 * `tones` does neither.
 */
export async function serveUntilStopped<Sim extends { close(): Promise<void> }>(options: {
  tones: boolean;
  start: (senses: { ear?: Ear; voice?: Voice }) => Promise<Sim>;
  introduction: (sim: Sim) => string;
}): Promise<0> {
  const engine: SpeechEngine | undefined = options.tones ? undefined : await openSpeechEngine();
  const senses = engine === undefined ? {} : { ear: speechEar(engine), voice: speechVoice(engine) };
  try {
    const sim = await options.start(senses).catch((error: unknown) => {
      throw new UsageError(`The simulator cannot start: ${(error as Error).message}. Try another port with --port.`);
    });
    console.log(options.introduction(sim));
    await new Promise<void>((resolve) => {
      // npm may pass a signal on that the terminal has sent, too.
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve());
    });
    await sim.close();
    return 0;
  } finally {
    await engine?.close();
  }
}
